//! `netclaw pair`

use super::ClientPorts;
use crate::adapters::terminal::cli::PairArgs;
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Exit, Failure, of_enrol};
use crate::adapters::terminal::render::paired;
use crate::app::client::enrol::{Enrol, EnrolRequest};
use crate::app::client::target::{Choice, Rule};
use crate::domain::endpoint::{Endpoint, EndpointError};

pub(super) async fn run(args: PairArgs, ports: ClientPorts<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let endpoint = Endpoint::parse(args.endpoint.trim()).map_err(|error| not_an_endpoint(&args.endpoint, &error))?;
    let choice = Choice { endpoint: endpoint.clone(), rule: Rule::Argument };
    let ClientPorts { api, credentials, prompter, clock, rng, host_name, .. } = ports;
    let request = EnrolRequest { endpoint, name: args.name, host_name };
    let enrolled = Enrol { api, credentials, prompter, clock, rng }.run(request).await;
    let enrolled = enrolled.map_err(|error| of_enrol(error, &choice))?;
    for replaced in &enrolled.replaced {
        console.note(paired::note(replaced));
    }
    if args.json { console.json(&paired::document(&enrolled)) } else { console.result(paired::line(&enrolled)) }
}

/// The text itself is not repeated where it may contain a password.
fn not_an_endpoint(text: &str, error: &EndpointError) -> Failure {
    let failure = Failure::new(Exit::Usage, format!("the endpoint cannot be used: {error}"));
    match error {
        EndpointError::NoScheme if !text.contains("://") && !text.contains('@') => {
            failure.hint(format!("try: netclaw pair http://{text}"))
        }
        EndpointError::NoScheme
        | EndpointError::NotAUrl
        | EndpointError::Credentials
        | EndpointError::QueryOrFragment => failure.hint("it looks like this: netclaw pair http://my-server:5199"),
    }
}
