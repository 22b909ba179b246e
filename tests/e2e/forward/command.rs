//! A command that runs with a forwarder.

use super::Home;

#[test]
fn a_command_has_the_variables_and_its_exit_code_is_passed_on() {
    let home = Home::default();
    let run = |script: &str| home.device.netclaw(&["forward", "--", "sh", "-c", script]);
    let shown = run("echo \"$OPENAI_BASE_URL $OPENAI_API_KEY\"; exit 7");
    assert_eq!((shown.code, shown.stderr.as_str()), (7, ""));
    let (url, key) = shown.stdout.trim().split_once(' ').unwrap();
    assert!(url.starts_with("http://127.0.0.1:") && url.ends_with("/v1") && key.starts_with("ncf_"), "{shown:?}");
    // Its port ends with it.
    let address: std::net::SocketAddr = url[7..].trim_end_matches("/v1").parse().unwrap();
    assert!(std::net::TcpStream::connect(address).is_err());
    run("exit 0").succeeded();
    assert_eq!(run("kill -9 $$").code, 128 + 9);
    let missing = home.device.netclaw(&["forward", "--", "/nowhere/tool"]);
    missing.failed(2, "/nowhere/tool cannot be started");
}

#[test]
fn a_command_excludes_what_it_would_mix_with() {
    let home = Home::default();
    for other in [["--json", "--"], ["--socket=x", "--"]] {
        let refused = home.device.netclaw(&["forward", other[0], other[1], "true"]);
        assert_eq!(refused.code, 2, "{refused:?}");
    }
    assert_eq!(home.device.netclaw(&["forward", "--port", "0"]).code, 2);
}
