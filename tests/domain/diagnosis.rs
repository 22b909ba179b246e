//! What follows from findings.

use netclaw::domain::diagnosis::{Check, Diagnosis, Group, Overall, Verdict};

#[test]
fn the_worst_finding_decides_and_what_was_skipped_does_not_count() {
    let (pass, skip) = (Check::Port.pass("well"), Check::Disk.skip("nothing"));
    let (warn, fail) = (Check::Folders.warn("so so", "do x"), Check::ConfigFile.fail("bad", "do y"));
    let overall = |findings: &[_]| Diagnosis::of(findings.iter().cloned()).overall();
    assert_eq!(overall(&[]), Overall::Pass);
    assert_eq!(overall(&[skip.clone(), pass.clone()]), Overall::Pass);
    assert_eq!(overall(&[pass.clone(), warn.clone(), skip.clone()]), Overall::Warn);
    assert_eq!(overall(&[warn, fail, pass, skip]), Overall::Fail);
}

#[test]
fn findings_are_in_the_order_of_their_checks_whatever_came_first() {
    let findings =
        [Check::ClientClock.pass("4"), Check::Port.pass("2"), Check::Port.fail("3", "x"), Check::ConfigFile.pass("1")];
    let diagnosis = Diagnosis::of(findings);
    let messages: Vec<&str> = diagnosis.findings().iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(messages, ["1", "2", "3", "4"]);
    assert_eq!(Check::Port.group(), Group::Daemon);
    assert!(Group::Configuration < Group::Files && Group::ExternalUrl < Group::Client);
}

#[test]
fn only_what_is_wrong_has_a_fix() {
    assert_eq!(Verdict::Pass.fix(), None);
    assert_eq!(Verdict::Skip.fix(), None);
    assert_eq!(Check::Disk.warn("x", "do it").verdict.fix(), Some("do it"));
    assert_eq!(Check::Disk.fail("x", "do it").verdict.fix(), Some("do it"));
}
