//! The URL that is printed for remote devices.

use std::sync::Arc;

use netclaw::app::daemon::public_endpoint::{PublicEndpoint, Reached};
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::exposure::ExposureMode;
use netclaw::domain::settings::Settings;
use netclaw::domain::transport::AllowPlaintext;
use netclaw::ports::exposure::{ExposureFault, FaultKind};

use crate::fakes::exposure::FakeExposure;

fn endpoint(text: &str) -> Endpoint {
    Endpoint::parse(text).unwrap()
}

async fn found(settings: Settings, reported: Result<Option<Endpoint>, ExposureFault>) -> Reached {
    PublicEndpoint::new(Arc::new(FakeExposure(reported)), &settings).find().await
}

fn tunnel() -> Settings {
    Settings { mode: ExposureMode::TailscaleServe, ..Settings::default() }
}

#[tokio::test]
async fn what_the_operator_says_goes_before_what_a_tunnel_reports() {
    let external = endpoint("https://claw.example.com");
    let settings = Settings { external_url: Some(external.clone()), ..tunnel() };
    let reached = found(settings, Ok(Some(endpoint("https://box.tail1234.ts.net")))).await;
    assert_eq!(reached, Reached { endpoint: external, caveats: Vec::new() });
}

#[tokio::test]
async fn what_a_tunnel_reports_goes_before_the_listener() {
    let reported = endpoint("https://box.tail1234.ts.net");
    let reached = found(tunnel(), Ok(Some(reported.clone()))).await;
    assert_eq!(reached, Reached { endpoint: reported, caveats: Vec::new() });
}

#[tokio::test]
async fn a_loopback_address_is_never_printed_without_saying_so() {
    let fault = ExposureFault {
        kind: FaultKind::NotSetUp,
        what: "tailscale serves nothing".to_owned(),
        fix: "run: tailscale serve --bg 5199".to_owned(),
    };
    for (mode, reported) in [
        (ExposureMode::Local, Ok(Some(endpoint("http://127.0.0.1:5199")))),
        (ExposureMode::TailscaleFunnel, Ok(None)),
        (ExposureMode::CloudflareTunnel, Err(fault.clone())),
    ] {
        let reached = found(Settings { mode, ..Settings::default() }, reported).await;
        assert!(reached.endpoint.is_loopback() && !reached.caveats.is_empty(), "{mode}: {reached:?}");
    }
    let reached = found(tunnel(), Err(fault)).await;
    assert_eq!(reached.caveats[0], "tailscale serves nothing; run: tailscale serve --bg 5199");
}

#[tokio::test]
async fn behind_a_proxy_that_nobody_named_the_daemons_own_address_is_called_that() {
    let settings = Settings { mode: ExposureMode::ReverseProxy, ..Settings::default() };
    let reached = found(settings, Ok(Some(endpoint("http://192.0.2.9:5199")))).await;
    assert!(reached.caveats[0].contains("not the proxy"));
}

#[tokio::test]
async fn an_endpoint_where_codes_may_come_in_the_clear_is_called_that() {
    let settings = Settings { mode: ExposureMode::Direct, ..Settings::default() };
    let plain = endpoint("http://192.0.2.9:5199");
    assert_eq!(found(settings.clone(), Ok(Some(plain.clone()))).await.caveats, [""; 0]);
    let reached = found(Settings { allow_plaintext: AllowPlaintext::Always, ..settings }, Ok(Some(plain))).await;
    assert!(reached.caveats.len() == 1 && reached.caveats[0].contains("not encrypted"), "{reached:?}");
}
