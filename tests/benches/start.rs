//! How long a command takes to start in a namespace, against `ip netns exec`: paired runs, and the
//! ratio of the times beyond that of the command itself.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use testbed::{NSSWITCH_FILES, Sandbox, Wrapper};

const RUNS: usize = 500;

fn main() {
    // `cargo test --benches` only wants to know whether it works.
    let runs = if std::env::args().any(|arg| arg == "--bench") {
        RUNS
    } else {
        5
    };
    let (sandbox, alpha, _beta) = Sandbox::alpha_and_beta();
    // Without it there would be nothing to mount on, and ip netns exec would leave it out.
    sandbox.host_file("resolv.conf", "nameserver 127.0.0.1\n");
    alpha.file("resolv.conf", "nameserver 127.0.0.53\n");
    alpha.file("nsswitch.conf", NSSWITCH_FILES);

    let mut command = sandbox.command(["testbed", "pair"]).arg(runs.to_string());
    command = command.args(["--", "/bin/true"]);
    for wrapper in [Wrapper::NetnsExec, Wrapper::IpNetnsExec] {
        command = command
            .arg("--")
            .args(wrapper.words())
            .args(["alpha", "/bin/true"]);
    }
    let run = command.timeout(std::time::Duration::from_secs(120)).run();
    let times: Vec<f64> = run
        .out()
        .lines()
        .map(|line| line.parse().unwrap())
        .collect();
    let &[bare, ours, theirs] = times.as_slice() else {
        panic!("{run:?}")
    };

    println!("start of /bin/true, median of {runs} paired runs, 2 namespaces, 3 overrides:");
    println!("  directly          {bare:6.0} us");
    println!("  netns-exec        {ours:6.0} us");
    println!("  ip netns exec     {theirs:6.0} us");
    println!(
        "  ratio over bare   {:6.2}",
        (ours - bare) / (theirs - bare)
    );
}
