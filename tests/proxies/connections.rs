//! Connections that live longer than a request: the client's to the proxy, and the proxy's to the daemon.

use std::process::Command;
use std::time::Duration;

use super::conversation::Conversation;
use super::lan::Machine;
use super::site::{Site, behind_each_proxy, sites, status};

/// Long enough for a proxy to look after its connections, and far from the 15 seconds after which the daemon does.
const PAUSE: Duration = Duration::from_secs(3);

#[test]
fn many_requests_share_one_connection_to_the_proxy_and_few_to_the_daemon() {
    behind_each_proxy(|site| {
        let question = status(&site.pair("laptop"));
        let mut conversation = Conversation::start(&site, Machine::Alice);
        let before = site.lan.accepted_connections(Machine::Daemon);
        for _ in 0..100 {
            assert_eq!(conversation.ask(&question).status, 200);
        }
        // HAProxy also looks every two seconds whether the daemon is well.
        let opened = site.lan.accepted_connections(Machine::Daemon) - before;
        assert!(opened <= 10, "{opened} connections");
    });
}

#[test]
fn a_connection_is_good_after_a_pause() {
    let mut talks: Vec<_> = sites()
        .into_iter()
        .map(|site| (status(&site.pair("laptop")), Conversation::start(&site, Machine::Alice), site))
        .collect();
    for (question, conversation, _site) in &mut talks {
        assert_eq!(conversation.ask(question).status, 200);
    }
    std::thread::sleep(if talks.is_empty() { Duration::ZERO } else { PAUSE });
    for (question, conversation, _site) in &mut talks {
        assert_eq!(conversation.ask(question).status, 200);
    }
}

#[test]
fn a_connection_that_the_daemon_has_lost_is_replaced_before_the_client_notices() {
    behind_each_proxy(|site| {
        let question = status(&site.pair("laptop"));
        let mut conversation = Conversation::start(&site, Machine::Alice);
        assert_eq!(conversation.ask(&question).status, 200);
        let Site { daemon, host, lan, proxy: _proxy } = site;
        let _restarted = lan.while_cut_off(Machine::Daemon, || {
            daemon.kill();
            // So that nobody is left to tell the proxy that its connections have ended.
            let forget = Command::new("ip")
                .args(["netns", "exec", lan.namespace(Machine::Daemon).name()])
                .args(["ss", "--kill", "--tcp", "--all", "sport", "=", ":5199"])
                .output();
            assert!(forget.unwrap().status.success());
            host.daemon()
        });
        assert_eq!(conversation.ask(&question).status, 200);
        assert_eq!(lan.send(Machine::Bob, &question).status, 200);
    });
}
