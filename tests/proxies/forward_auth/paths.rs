//! What everyone may have, and nothing else.

use super::behind_each;

/// Ways to write a path that begins as what everyone may have, and is not below it.
const DISGUISES: &[&str] = &[
    "/public/../notes",
    "/public/%2e%2e/notes",
    "/public/..%2fnotes",
    "/public/%2e%2e%2fnotes",
    "/public/./../notes",
    "//public/../notes",
    "/public",
    "/publicly",
    "/notes?/public/",
    "/notes#/public/",
    "/notes/../notes",
    "/%2epublic/",
];

#[test]
fn a_path_that_only_looks_public_is_protected() {
    behind_each(|guarded| {
        assert_eq!(guarded.send(&guarded.request("GET /public/page")).status, 200);
        assert_eq!(guarded.service.take().len(), 1);
        for path in DISGUISES {
            let answer = guarded.send(&guarded.request(&format!("GET {path}")));
            assert!(answer.status >= 300, "{path}: {answer:?}");
            guarded.assert_unreached();
        }
    });
}

#[test]
fn clients_cannot_ask_the_daemon_by_way_of_the_proxy() {
    behind_each(|guarded| {
        let token = guarded.pair();
        for path in ["/.netclaw/verify", "/api/auth/verify", "/api/pair/device", "/api/health/live"] {
            guarded.send(&guarded.request(&format!("DELETE {path}")));
            guarded.assert_unreached();
            let answer = guarded.send(&guarded.paired(&format!("GET {path}"), &token));
            assert!(answer.status == 404 || answer.body == "from the service", "{path}: {answer:?}");
            guarded.service.take();
        }
        assert!(guarded.host.device_names().contains(&super::DEVICE.0.to_owned()));
    });
}
