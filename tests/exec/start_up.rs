//! Which faults of a tunnel stop the start.

use netclaw::app::daemon::start_up::check_tunnel;
use netclaw::domain::exposure::ExposureMode;
use netclaw::ports::exposure::{ExposureFault, FaultKind};

use crate::fakes::exposure::FakeExposure;

fn fault(kind: FaultKind) -> ExposureFault {
    ExposureFault::new(kind, "something is wrong", "mend it")
}

#[tokio::test]
async fn a_tunnel_that_does_not_run_or_cannot_be_asked_stops_the_start_and_one_that_is_not_set_up_does_not() {
    for mode in [ExposureMode::TailscaleServe, ExposureMode::TailscaleFunnel, ExposureMode::CloudflareTunnel] {
        for (kind, stops) in [(FaultKind::NotRunning, true), (FaultKind::Unclear, true), (FaultKind::NotSetUp, false)] {
            let expected = if stops { Err(fault(kind)) } else { Ok(()) };
            assert_eq!(check_tunnel(&FakeExposure(Err(fault(kind))), mode).await, expected, "{mode} {kind:?}");
        }
        assert_eq!(check_tunnel(&FakeExposure(Ok(None)), mode).await, Ok(()));
        assert_eq!(check_tunnel(&FakeExposure::default(), mode).await, Ok(()));
    }
}

#[tokio::test]
async fn modes_without_a_tunnel_start_whatever_is_in_front() {
    for mode in [ExposureMode::Local, ExposureMode::ReverseProxy, ExposureMode::Direct] {
        let exposure = FakeExposure(Err(fault(FaultKind::NotRunning)));
        assert_eq!(check_tunnel(&exposure, mode).await, Ok(()), "{mode}");
    }
}
