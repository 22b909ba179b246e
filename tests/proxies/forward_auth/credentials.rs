//! Who gets through, and what the service learns of them.

use super::super::lan::Machine;
use super::super::proxy::{GUARDS, Scheme};
use super::super::site::usable;
use super::{DEVICE, Guarded, behind_each, behind_each_secure};

/// What a client may send in place of a credential.
const NO_CREDENTIALS: &[&str] = &["", "Bearer", "Bearer ", "Bearer nct_x", "Basic Ym9iOmJvYg==", "nct_x"];

#[test]
fn only_a_paired_device_reaches_the_service_which_learns_its_name_and_not_its_token() {
    behind_each_secure(|guarded| {
        guarded.assert_unauthorized(&guarded.request("GET /"));
        let token = guarded.pair();
        let answer = guarded.send(&guarded.paired("GET /notes?page=2", &token));
        assert_eq!((answer.status, answer.body.as_str()), (200, "from the service"));
        let arrived = guarded.service.take().pop().unwrap();
        assert_eq!(arrived.line, "GET /notes?page=2");
        assert_eq!(arrived.header("x-netclaw-device"), Some(DEVICE.1));
        assert_eq!(arrived.header("x-netclaw-device-id").map(str::len), Some(16));
        assert!(!arrived.mentions("authorization") && !arrived.mentions("nct_"), "{arrived:?}");
    });
}

#[test]
fn nothing_but_a_good_token_is_let_in_by_any_method() {
    behind_each(|guarded| {
        let token = guarded.pair();
        for credential in
            NO_CREDENTIALS.iter().copied().chain([&*format!("Bearer {token}x"), &*format!("Basic {token}")])
        {
            guarded.assert_unauthorized(&guarded.request("GET /").header("Authorization", credential));
        }
        for method in ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"] {
            guarded.assert_unauthorized(&guarded.request(&format!("{method} /")));
            assert_eq!(guarded.send(&guarded.paired(&format!("{method} /"), &token)).status, 200, "{method}");
            assert_eq!(guarded.service.take().pop().unwrap().line, format!("{method} /"));
        }
    });
}

#[test]
fn bodies_reach_the_service_whole() {
    behind_each(|guarded| {
        let (token, body) = (guarded.pair(), "{\"text\":\"hello\"}".repeat(5000));
        let post = guarded.paired("POST /notes", &token).header("Content-Type", "application/json").body(&body);
        assert_eq!(guarded.send(&post).status, 200);
        assert_eq!(guarded.service.take().pop().unwrap().body, body);
        guarded.assert_unauthorized(&guarded.request("POST /notes").body("x"));
    });
}

#[test]
fn a_revoked_device_is_refused_on_its_next_request_over_the_same_connection() {
    behind_each(|guarded| {
        let request = guarded.paired("GET /", &guarded.pair());
        let mut conversation = guarded.conversation();
        assert_eq!(conversation.ask(&request).status, 200);
        guarded.host.netclaw(&["daemon", "devices", "revoke", DEVICE.0]).succeeded();
        guarded.service.take();
        assert_eq!(conversation.ask(&request).status, 401);
        guarded.assert_unauthorized(&request);
    });
}

#[test]
fn the_operator_sees_the_address_of_the_client_whatever_it_claims() {
    behind_each(|guarded| {
        let request = guarded.paired("GET /", &guarded.pair());
        let claims =
            [("X-Forwarded-For", "203.0.113.1"), ("Forwarded", "for=203.0.113.2"), ("X-Real-IP", "203.0.113.3")];
        let lied = claims.iter().fold(request, |request, (name, value)| request.header(name, value));
        assert_eq!(guarded.send(&lied).status, 200);
        let listed = guarded.host.netclaw(&["daemon", "devices", "--json"]).succeeded().stdout;
        assert!(listed.contains(&format!("\"lastAddress\":\"{}\"", Machine::Alice.v4())), "{listed}");
    });
}

#[test]
fn b18_a_token_that_came_in_the_clear_is_refused_before_the_service() {
    usable(&GUARDS).for_each(|proxy| {
        let guarded = Guarded::without_tls(proxy);
        let request = guarded.paired("GET /", &guarded.pair());
        for request in [request.clone(), request.header("X-Forwarded-Proto", "https")] {
            assert_eq!(guarded.send(&request).status, 403);
            guarded.assert_unreached();
        }
        assert_eq!(guarded.scheme, Scheme::Http);
    });
}

#[test]
fn a_client_cannot_say_which_device_it_is() {
    let claims = [
        ("X-Netclaw-Device", "admin"),
        ("x-netclaw-device", "admin"),
        ("X-NETCLAW-DEVICE-ID", "aaaaaaaaaaaaaaaa"),
        ("X-Netclaw-Device", ""),
        // What CGI, WSGI and their like cannot tell from the real one.
        ("X_Netclaw_Device", "admin"),
        ("x-netclaw_device", "admin"),
        ("X_NETCLAW-DEVICE_ID", "admin"),
        ("Connection", "X-Netclaw-Device, X-Netclaw-Device-Id, X-Forwarded-For"),
        ("Connection", "Authorization"),
    ];
    behind_each(|guarded| {
        let token = guarded.pair();
        for (name, value) in claims {
            for line in ["GET /public/page", "POST /public/"] {
                let claimed = guarded.request(line).header(name, value).header(name, value);
                for request in [claimed.clone(), claimed.header("Authorization", &format!("Bearer {token}"))] {
                    assert_eq!(guarded.send(&request).status, 200);
                    let arrived = guarded.service.take().pop().unwrap();
                    assert!(!arrived.headers.iter().any(|(name, _)| name.contains("netclaw")), "{arrived:?}");
                    assert!(!arrived.mentions("nct_"), "{arrived:?}");
                }
            }
            guarded.assert_unauthorized(&guarded.request("GET /").header(name, value));
            let answer = guarded.send(&guarded.paired("GET /", &token).header(name, value));
            let arrived = guarded.service.take();
            // A proxy may take the word of a client that wants its credential left out.
            assert!(
                answer.status == 200 || (answer.status == 401 && arrived.is_empty()),
                "{name}: {value}, {answer:?}"
            );
            for arrived in arrived {
                let sent = arrived.headers.iter().filter(|(name, _)| name.contains("netclaw") && !name.ends_with("id"));
                let sent: Vec<_> = sent.map(|(name, value)| (name.as_str(), value.as_str())).collect();
                assert_eq!(sent, [("x-netclaw-device", DEVICE.1)], "{name}: {value}, {arrived:?}");
                assert!(!arrived.mentions("nct_") && !arrived.mentions("admin"), "{arrived:?}");
            }
        }
    });
}

#[test]
fn nor_under_a_name_that_is_hardly_the_same() {
    behind_each(|guarded| {
        let token = guarded.pair();
        for name in ["X.Netclaw.Device", "X!Netclaw~Device-Id"] {
            let answer = guarded.send(&guarded.paired("GET /", &token).header(name, "admin"));
            assert_eq!(answer.status, 200, "{name}: {answer:?}");
            let arrived = guarded.service.take().pop().unwrap();
            let mut named: Vec<_> = arrived.headers.iter().filter(|(name, _)| name.contains("netclaw")).collect();
            named.sort();
            assert_eq!(named.len(), 2, "{name}: {arrived:?}");
            assert_eq!((named[0].0.as_str(), named[0].1.as_str()), ("x-netclaw-device", DEVICE.1), "{name}");
            assert_eq!(named[1].0, "x-netclaw-device-id", "{name}");
        }
    });
}

#[test]
fn of_two_credentials_none_reaches_the_service() {
    behind_each(|guarded| {
        let token = guarded.pair();
        let good = guarded.paired("GET /", &token);
        for request in [good.clone().header("Authorization", "Basic eDp4"), good.header("authorization", "Bearer x")] {
            let status = guarded.send(&request).status;
            assert!([200, 400, 401].contains(&status), "{status}");
            for arrived in guarded.service.take() {
                assert!(!arrived.mentions("authorization") && !arrived.mentions("nct_"), "{arrived:?}");
            }
        }
    });
}
