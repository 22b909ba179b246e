//! What everyone may have, and nothing else.

use super::behind_each;

/// Ways to write a path that begins as what everyone may have, and is not below it.
const DISGUISES: &[&str] = &[
    "/public/../notes",
    "/public/%2e%2e/notes",
    "/public/..%2fnotes",
    "/public/%2e%2e%2fnotes",
    "/public/%252e%252e%252fnotes",
    "/public/..;/notes",
    "/public/x#/../../notes",
    "/public/..;a=b/notes",
    "/public/..%3bx/notes",
    "/public/;/..;/notes",
    "/public/..\\notes",
    "/public/x\\..\\..\\notes",
    "/public/..%5cnotes",
    "/public/%5c..%5cnotes",
    "/public\\..\\notes",
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
fn what_everyone_may_have_is_asked_for_as_that() {
    behind_each(|guarded| {
        // For servers that follow no dots, these are below /notes/.
        for path in ["/notes/../public/x", "/notes/%2e%2e/public/x", "/notes/x/../../public/x", "/./public/x"] {
            guarded.send(&guarded.request(&format!("GET {path}")));
            for arrived in guarded.service.take() {
                assert_eq!(arrived.line, "GET /public/x", "{path}");
            }
        }
        // In the query, everything may be.
        assert_eq!(guarded.send(&guarded.request("GET /public/x?a=%2e%5c/../b%3b")).status, 200);
        assert_eq!(guarded.service.take().pop().unwrap().line, "GET /public/x?a=%2e%5c/../b%3b");
    });
}

#[test]
fn a_device_reaches_what_cannot_be_public() {
    behind_each(|guarded| {
        let token = guarded.pair();
        for path in ["/public/a;b?c=d", "/public/%3B"] {
            let post = guarded.paired(&format!("POST {path}"), &token).body("text");
            assert_eq!(guarded.send(&post).status, 200, "{path}");
            let arrived = guarded.service.take().pop().unwrap();
            assert_eq!(arrived.header("x-netclaw-device"), Some(super::DEVICE.1), "{arrived:?}");
            assert_eq!((arrived.line, arrived.body), (format!("POST {path}"), "text".to_owned()));
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
