//! What stands in front of a daemon.

use std::sync::Arc;

use netclaw::adapters::exec::cloudflared::{CloudflaredExposure, Surroundings};
use netclaw::adapters::exec::tailscale::TailscaleExposure;
use netclaw::adapters::exposure::{ListenerExposure, UnseenTunnel};
use netclaw::domain::exposure::Tunnel;
use netclaw::domain::settings::Settings;
use netclaw::ports::exposure::Exposure;

/// What stands in front of a daemon with these settings.
pub fn of(settings: &Settings) -> Arc<dyn Exposure> {
    let listening = settings.listen_address();
    match settings.mode.profile().tunnel {
        None => Arc::new(ListenerExposure::new(listening)),
        Some(_) if settings.skip_tunnel_process_check => Arc::new(UnseenTunnel),
        Some(Tunnel::TailscaleServe) => Arc::new(TailscaleExposure::serve(listening)),
        Some(Tunnel::TailscaleFunnel) => Arc::new(TailscaleExposure::funnel(listening)),
        Some(Tunnel::Cloudflared) => {
            let surroundings = Surroundings::of(std::env::home_dir().as_deref());
            Arc::new(CloudflaredExposure::new(listening, surroundings))
        }
    }
}
