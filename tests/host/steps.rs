//! Which questions the wizard asks, in which order, and the way back.

use netclaw::app::host::setup::{Answer, Answers, Field, Step, Steps};
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::exposure::ExposureMode;
use netclaw::domain::settings::Settings;
use netclaw::domain::transport::AllowPlaintext;

use crate::fakes::samples::ip;

const HOST: Step = Step::Field(Field::Host);
const PORT: Step = Step::Field(Field::Port);
const PROXIES: Step = Step::Field(Field::TrustedProxies);
const URL: Step = Step::Field(Field::ExternalUrl);
const AGENT: Step = Step::Field(Field::Agent);

/// What a person answers who takes everything as it is proposed, in a mode with one proxy.
fn usual(steps: &Steps, mode: ExposureMode) -> Answer {
    match steps.current() {
        Step::Mode => Answer::Mode(mode),
        HOST => Answer::Host(steps.settings().host),
        PORT => Answer::Port(steps.settings().port),
        PROXIES => Answer::TrustedProxies(vec!["10.0.0.2/32".parse().unwrap()]),
        URL => Answer::ExternalUrl(None),
        AGENT => Answer::Agent(None),
        Step::Service => Answer::Service(false),
        Step::Confirm => panic!("no question"),
    }
}

/// All steps of this mode on the way to the end, which is one of them.
fn walk(steps: &mut Steps, mode: ExposureMode) -> Vec<Step> {
    let mut taken = vec![steps.current()];
    while steps.current() != Step::Confirm {
        steps.answer(usual(steps, mode));
        taken.push(steps.current());
    }
    taken
}

fn fresh() -> Steps {
    Steps::new(Settings::default(), Answers::default())
}

fn url() -> Endpoint {
    Endpoint::parse("https://claw.example").unwrap()
}

#[test]
fn each_mode_has_its_questions_in_one_order() {
    use ExposureMode::{CloudflareTunnel, Direct, Local, ReverseProxy, TailscaleFunnel, TailscaleServe};
    let table: [(ExposureMode, &[Step]); 6] = [
        (Local, &[Step::Mode, HOST, PORT, AGENT, Step::Service, Step::Confirm]),
        (ReverseProxy, &[Step::Mode, HOST, PORT, PROXIES, URL, AGENT, Step::Service, Step::Confirm]),
        (TailscaleServe, &[Step::Mode, HOST, PORT, URL, AGENT, Step::Service, Step::Confirm]),
        (TailscaleFunnel, &[Step::Mode, HOST, PORT, URL, AGENT, Step::Service, Step::Confirm]),
        (CloudflareTunnel, &[Step::Mode, HOST, PORT, URL, AGENT, Step::Service, Step::Confirm]),
        (Direct, &[Step::Mode, HOST, PORT, URL, AGENT, Step::Service, Step::Confirm]),
    ];
    assert_eq!(table.map(|(mode, _)| mode), ExposureMode::ALL);
    for (mode, expected) in table {
        let mut steps = fresh();
        assert_eq!(walk(&mut steps, mode), expected, "{mode}");
        assert!(steps.settings().check().is_ok(), "{mode}");
    }
}

#[test]
fn the_way_back_leads_through_every_question_to_the_first() {
    for mode in ExposureMode::ALL {
        let mut steps = fresh();
        let mut forward = walk(&mut steps, *mode);
        let settings = steps.settings();
        while let Some(step) = forward.pop() {
            assert_eq!(steps.current(), step, "{mode}");
            steps.back();
        }
        assert_eq!(steps.current(), Step::Mode, "there is nothing before the first question");
        assert_eq!(steps.settings(), settings, "answers stay");
    }
}

#[test]
fn a_step_back_and_forth_asks_the_same_question_again() {
    for mode in ExposureMode::ALL {
        let length = walk(&mut fresh(), *mode).len();
        for before in 1..length {
            let mut steps = fresh();
            (0..before).for_each(|_| steps.answer(usual(&steps, *mode)));
            let here = steps.current();
            steps.back();
            steps.answer(usual(&steps, *mode));
            assert_eq!(steps.current(), here, "{mode}");
        }
    }
}

#[test]
fn a_flag_takes_its_question_away() {
    let mode = ExposureMode::ReverseProxy;
    let flag = |answers: Answers| walk(&mut Steps::new(Settings::default(), answers), mode);
    let all = walk(&mut fresh(), mode);
    let table = [
        (Step::Mode, Answers { mode: Some(mode), ..Answers::default() }),
        (HOST, Answers { host: Some(ip("10.0.0.1")), ..Answers::default() }),
        (PORT, Answers { port: Some(6000), ..Answers::default() }),
        (PROXIES, Answers { trusted_proxies: Some(vec!["10.0.0.0/24".parse().unwrap()]), ..Answers::default() }),
        (URL, Answers { external_url: Some(None), ..Answers::default() }),
        (AGENT, Answers { agent: Some(None), ..Answers::default() }),
        (Step::Service, Answers { install_service: Some(true), ..Answers::default() }),
    ];
    let mut every = Answers::default();
    for (taken, answers) in table {
        let expected: Vec<Step> = all.iter().copied().filter(|step| *step != taken).collect();
        // Where the host is legal is known only with the mode.
        let expected = if taken == HOST { [&[Step::Mode, PORT][..], &expected[2..]].concat() } else { expected };
        assert_eq!(flag(answers.clone()), expected, "{taken:?}");
        every = Answers {
            mode: answers.mode.or(every.mode),
            host: answers.host.or(every.host),
            port: answers.port.or(every.port),
            trusted_proxies: answers.trusted_proxies.or(every.trusted_proxies),
            external_url: answers.external_url.or(every.external_url),
            agent: answers.agent.or(every.agent),
            install_service: answers.install_service.or(every.install_service),
            ..every
        };
    }
    let mut steps = Steps::new(Settings::default(), every);
    assert_eq!(walk(&mut steps, mode), [Step::Confirm]);
    steps.back();
    assert_eq!(steps.current(), Step::Confirm);
}

#[test]
fn a_flag_that_the_mode_does_not_allow_is_asked_again() {
    let flags = Answers { host: Some(ip("0.0.0.0")), ..Answers::default() };
    let mut steps = Steps::new(Settings::default(), flags);
    steps.answer(Answer::Mode(ExposureMode::Local));
    assert_eq!(steps.current(), HOST);
    assert!(steps.refused_flag().unwrap().to_string().contains("listens on loopback only"));
    assert_eq!(steps.settings().host, ip("127.0.0.1"));
    steps.answer(Answer::Host(ip("::1")));
    assert_eq!((steps.current(), steps.refused_flag()), (PORT, None));
    assert_eq!(steps.settings().host, ip("::1"));
}

#[test]
fn another_mode_proposes_an_address_that_it_allows() {
    let mut steps = fresh();
    steps.answer(Answer::Mode(ExposureMode::Local));
    steps.answer(Answer::Host(ip("::1")));
    steps.back();
    assert_eq!(steps.settings().host, ip("::1"));
    steps.back();
    steps.answer(Answer::Mode(ExposureMode::Direct));
    assert_eq!((steps.current(), steps.settings().host), (HOST, ip("0.0.0.0")));
}

#[test]
fn what_is_configured_is_proposed() {
    let stored = Settings {
        mode: ExposureMode::ReverseProxy,
        host: ip("10.0.0.1"),
        port: 6000,
        trusted_proxies: vec!["10.0.0.0/24".parse().unwrap()],
        external_url: Some(url()),
        allow_plaintext: AllowPlaintext::Always,
        log_pairing_code: false,
        skip_tunnel_process_check: true,
        ..Settings::default()
    };
    let steps = Steps::new(stored.clone(), Answers::default());
    assert_eq!(steps.settings(), stored);
}

#[test]
fn a_url_from_another_mode_can_be_taken_away_in_local_mode() {
    let stored = Settings { external_url: Some(url()), ..Settings::default() };
    let taken = walk(&mut Steps::new(stored, Answers::default()), ExposureMode::Local);
    assert_eq!(taken, [Step::Mode, HOST, PORT, URL, AGENT, Step::Service, Step::Confirm]);
}

#[test]
fn what_is_written_is_held_to_the_mode() {
    let mut steps = fresh();
    steps.answer(Answer::Mode(ExposureMode::ReverseProxy));
    let refused = |field, text: &str| steps.read(field, text).unwrap_err().to_string();
    let expected = "Daemon.Host is \"127.0.0.1\", but exposure mode \"reverse-proxy\" listens on an address of this \
                    machine's networks, or on all of them with 0.0.0.0 or ::";
    assert_eq!(refused(Field::Host, "localhost"), expected);
    assert!(refused(Field::Host, "my-server").contains("it must be an IP address"));
    assert!(refused(Field::Port, "0").contains("from 1 to 65535"));
    assert!(refused(Field::TrustedProxies, "10.0.0.1 nonsense").contains("\"nonsense\""));
    assert!(refused(Field::TrustedProxies, " ").contains("needs the address of each proxy"));
    assert!(refused(Field::ExternalUrl, "claw.example").contains("http or https"));
    assert_eq!(steps.read(Field::Host, " 0.0.0.0 "), Ok(Answer::Host(ip("0.0.0.0"))));
    assert_eq!(steps.read(Field::ExternalUrl, ""), Ok(Answer::ExternalUrl(None)));
    assert_eq!(steps.read(Field::ExternalUrl, "https://claw.example/"), Ok(Answer::ExternalUrl(Some(url()))));
}
