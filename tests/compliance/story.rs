//! Alpha and beta: each namespace sees its own hosts file, whatever program looks.

use testbed::case::Case;
use testbed::programs::read_hosts_static;
use testbed::{Sandbox, Wrapper, both, need};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        both!(own_name_is_pinged),
        both!(name_of_the_other_is_unknown_to_ping),
        both!(getent_finds_own_name_only),
        both!(static_program_finds_own_name_only),
        both!(name_of_the_host_is_in_neither),
        both!(namespace_without_files_sees_those_of_the_host),
        both!(each_asks_its_own_dns_server),
        both!(shell_script_sees_it_too),
    ]
}

const PAIRS: [(&str, &str); 2] = [("alpha", "beta"), ("beta", "alpha")];

fn own_name_is_pinged(wrapper: Wrapper) {
    need::program("ping");
    let (sandbox, ..) = Sandbox::alpha_and_beta();
    for (name, _) in PAIRS {
        let run = wrapper.command(&sandbox, name, ["ping", "-c1", name]).run();
        let expected = format!("bytes from {name} (127.0.1.1)");
        assert!(run.exits(0).out().contains(&expected), "{run}");
    }
}

fn name_of_the_other_is_unknown_to_ping(wrapper: Wrapper) {
    need::program("ping");
    let (sandbox, ..) = Sandbox::alpha_and_beta();
    for (name, other) in PAIRS {
        let run = wrapper
            .command(&sandbox, name, ["ping", "-c1", other])
            .run();
        let complaint = format!("{other}: Name or service not known");
        run.exits(2).complains(&[&complaint]);
    }
}

fn getent_finds_own_name_only(wrapper: Wrapper) {
    let (sandbox, ..) = Sandbox::alpha_and_beta();
    for (name, other) in PAIRS {
        for database in ["hosts", "ahosts", "ahostsv4"] {
            let ask = |host: &str| {
                wrapper
                    .command(&sandbox, name, ["getent", database, host])
                    .run()
            };
            // With loopback addresses only, AI_ADDRCONFIG leaves an explicit family nothing.
            if database != "ahostsv4" {
                let found = ask(name);
                assert!(found.exits(0).out().starts_with("127.0.1.1 "), "{found}");
            }
            ask(other).exits(2);
        }
    }
}

fn static_program_finds_own_name_only(wrapper: Wrapper) {
    let program = read_hosts_static().into_os_string();
    let (sandbox, ..) = Sandbox::alpha_and_beta();
    let ldd = sandbox.command(["ldd".into(), program.clone()]).run();
    assert!(
        ldd.out().contains("statically linked") || ldd.err().contains("not a dynamic executable"),
        "{ldd}"
    );
    for (name, other) in PAIRS {
        let ask = |host: &str| {
            wrapper
                .command(&sandbox, name, [program.clone(), host.into()])
                .run()
        };
        ask(name).prints("127.0.1.1");
        ask(other).exits(2);
        ask("hostonly").exits(2);
    }
}

fn name_of_the_host_is_in_neither(wrapper: Wrapper) {
    let (sandbox, ..) = Sandbox::alpha_and_beta();
    let host = sandbox.command(["getent", "hosts", "hostonly"]).run();
    assert!(host.exits(0).out().starts_with("10.99.0.1"), "{host}");
    for (name, _) in PAIRS {
        let ask = ["getent", "hosts", "hostonly"];
        wrapper.command(&sandbox, name, ask).run().exits(2);
    }
}

fn namespace_without_files_sees_those_of_the_host(wrapper: Wrapper) {
    let sandbox = Sandbox::new();
    let gamma = sandbox.namespace("gamma");
    let ask = || {
        let run = wrapper
            .command(&sandbox, &gamma, ["getent", "hosts", "hostonly"])
            .run();
        assert!(run.exits(0).out().starts_with("10.99.0.1"), "{run}");
        run.quiet();
    };
    ask();
    sandbox.files().remove(gamma.directory());
    ask();
    sandbox.files().remove("/etc/netns");
    ask();
}

fn each_asks_its_own_dns_server(wrapper: Wrapper) {
    let (sandbox, alpha, beta) = Sandbox::alpha_and_beta();
    sandbox.host_file("nsswitch.conf", testbed::NSSWITCH_DNS);
    sandbox.host_file("resolv.conf", "nameserver 127.9.9.9\n");
    let mut servers = Vec::new();
    for (namespace, address) in [(&alpha, "10.1.0.1"), (&beta, "10.2.0.1")] {
        namespace.file("resolv.conf", "nameserver 127.0.0.53\n");
        let script = format!("www.corp.test A {address}\n");
        servers.push(sandbox.dns(namespace, "127.0.0.53", &script));
    }
    for (name, address) in [("alpha", "10.1.0.1"), ("beta", "10.2.0.1")] {
        let run = wrapper
            .command(&sandbox, name, ["getent", "hosts", "www.corp.test"])
            .run();
        assert!(run.exits(0).out().starts_with(address), "{run}");
    }
    for server in &servers {
        assert!(server.queries().contains(&"udp A www.corp.test.".into()));
    }
}

fn shell_script_sees_it_too(wrapper: Wrapper) {
    let (sandbox, alpha, _) = Sandbox::alpha_and_beta();
    let script = "getent hosts alpha | { read address rest; echo $address; }; cat /etc/hosts";
    let run = wrapper
        .command(&sandbox, &alpha, ["sh", "-c", script])
        .run();
    run.prints("127.0.1.1\n127.0.1.1 alpha");
}
