//! Where a forwarder is reached, and where it leads.

use std::path::Path;

use serde::Serialize;

use crate::adapters::platform;
use crate::domain::forward::key::ForwardKey;
use crate::domain::forward::proxies::Exemptions;
use crate::ports::credential_store::Pairing;

/// The variable in which tools of the OpenAI API look for the address of one.
pub const BASE_URL_VARIABLE: &str = "OPENAI_BASE_URL";

/// The variable in which they look for the key.
pub const KEY_VARIABLE: &str = "OPENAI_API_KEY";

/// Where requests come in.
#[derive(Clone, Copy, Debug)]
pub enum Entrance<'a> {
    /// A port of 127.0.0.1, for whoever has the key.
    Port(u16, &'a ForwardKey),
    /// A socket that only its owner can open.
    Socket(&'a Path),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    base_url: Option<String>,
    openai_base_url: Option<String>,
    key: Option<&'a str>,
    socket: Option<String>,
    daemon_id: &'a str,
    endpoint: String,
    device_name: &'a str,
}

impl Entrance<'_> {
    /// The URL that stands for the daemon.
    pub fn base_url(&self) -> Option<String> {
        match self {
            Self::Port(port, _) => Some(format!("http://127.0.0.1:{port}")),
            Self::Socket(_) => None,
        }
    }

    /// The URL of the OpenAI API.
    pub fn openai_base_url(&self) -> Option<String> {
        self.base_url().map(|base| base + "/v1")
    }
}

/// The variables that name what goes to no proxy, with their values.
pub fn exemption_variables(exemptions: &Exemptions) -> [(&'static str, &str); 2] {
    [("NO_PROXY", &exemptions.upper), ("no_proxy", &exemptions.lower)]
}

/// What can be pasted into another shell. The last line keeps tools from sending key and prompts to a proxy.
pub fn lines(entrance: &Entrance<'_>, exemptions: Option<&Exemptions>) -> Vec<String> {
    match entrance {
        Entrance::Port(_, key) => {
            let exports = exemptions.map(|exemptions| {
                let words = exemption_variables(exemptions);
                words.map(|(name, value)| format!("{name}={}", platform::quoted(Path::new(value)))).join(" ")
            });
            let needed = [
                format!("{BASE_URL_VARIABLE}={}", entrance.openai_base_url().unwrap_or_default()),
                format!("{KEY_VARIABLE}={}", key.reveal()),
            ];
            needed.into_iter().chain(exports).map(|export| format!("export {export}")).collect()
        }
        Entrance::Socket(path) => {
            vec![format!("curl --unix-socket {} http://localhost/api/status", platform::quoted(path))]
        }
    }
}

/// Where it leads, and how it ends.
pub fn note(entrance: &Entrance<'_>, pairing: &Pairing) -> String {
    let here = match entrance {
        Entrance::Port(port, _) => format!("http://127.0.0.1:{port}"),
        Entrance::Socket(path) => path.display().to_string(),
    };
    let (there, name) = (&pairing.endpoint, &pairing.device_name);
    format!("Requests to {here} go to {there}, as those of \"{name}\". Ctrl-C ends it.")
}

/// `{"baseUrl","openaiBaseUrl","key","socket","daemonId","endpoint","deviceName"}`: the first three for a port, the fourth for a
/// socket, and `null` for what there is not.
pub fn document<'a>(entrance: &Entrance<'a>, pairing: &'a Pairing) -> impl Serialize + 'a {
    let (key, socket) = match entrance {
        Entrance::Port(_, key) => (Some(key.reveal()), None),
        Entrance::Socket(path) => (None, Some(path.to_string_lossy().into_owned())),
    };
    Document {
        base_url: entrance.base_url(),
        openai_base_url: entrance.openai_base_url(),
        key,
        socket,
        daemon_id: pairing.daemon_id.as_str(),
        endpoint: pairing.endpoint.to_string(),
        device_name: pairing.device_name.as_str(),
    }
}
