//! Which file a command is, of those that `PATH` leads to: that of execvp(3) in glibc.

use testbed::case::Case;
use testbed::{Run, Sandbox, Wrapper, both, ours};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        both!(first_executable_file_in_path_is_run),
        both!(other_errors_than_absence_end_the_lookup),
        both!(without_path_there_is_a_default),
        both!(script_without_an_interpreter_is_run_by_the_shell),
        both!(directory_with_too_long_a_path_is_skipped).differs(
            Wrapper::IpNetnsExec,
            "glibc goes on in the working directory",
        ),
        ours!(failures_of_the_lookup_have_their_status),
    ]
}

/// A sandbox with files called `cmd`, of all kinds.
fn sandbox() -> Sandbox {
    let (sandbox, _alpha) = Sandbox::alpha();
    let files = sandbox.files();
    let executable = |path: &str, content: &str| {
        files.write(path, content);
        files.chmod(path, 0o755);
    };
    for name in ["a", "b", "here", "script", "broken", "plain", "directory"] {
        files.mkdir(format!("/run/{name}"));
    }
    files.mkdir("/run/directory/cmd");
    for name in ["a", "b", "here"] {
        executable(
            &format!("/run/{name}/cmd"),
            &format!("#!/bin/sh\necho {name} $1\n"),
        );
    }
    executable("/run/script/cmd", "echo $0 $#: \"$@\"\n");
    executable("/run/broken/cmd", "#!/nosuch/interpreter\n");
    files.write("/run/plain/cmd", "echo plain\n");
    files.write("/run/file", "");
    files.symlink("loop", "/run/loop");
    sandbox
}

/// Run in /run/here with this `PATH`, or none.
fn run(sandbox: &Sandbox, wrapper: Wrapper, path: Option<&str>, args: &[&str]) -> Run {
    let mut words = wrapper.words().into_iter();
    let program = words.next().expect("a wrapper has a name");
    let script = "program=$(command -v \"$1\"); shift; cd /run/here; \
                  if [ \"$1\" = - ]; then unset PATH; else PATH=${1#=}; fi; shift; \
                  exec \"$program\" \"$@\"";
    let path = path.map_or("-".to_owned(), |path| format!("={path}"));
    sandbox
        .command(["sh", "-c", script, "sh"])
        .arg(program)
        .arg(path)
        .args(words)
        .arg("alpha")
        .args(args)
        .run()
}

fn first_executable_file_in_path_is_run(wrapper: Wrapper) {
    let sandbox = sandbox();
    for (path, who) in [
        ("/run/a:/run/b", "a"),
        ("/run/b/:/run/a", "b"),
        ("/nosuch:/run/file:/run/b", "b"),
        ("/run/plain:/run/b", "b"),
        ("/run/directory:/run/b", "b"),
        ("/run/broken:/run/b", "b"),
        ("", "here"),
        (":/run/b", "here"),
        ("/nosuch:", "here"),
        ("/nosuch::/run/b", "here"),
        ("../a:/run/b", "a"),
    ] {
        let run = run(&sandbox, wrapper, Some(path), &["cmd", "arg"]);
        run.exits(0).prints(&format!("{who} arg"));
    }
}

fn directory_with_too_long_a_path_is_skipped(wrapper: Wrapper) {
    let path = format!("/run/{}:/run/b", "x".repeat(4096));
    let run = run(&sandbox(), wrapper, Some(&path), &["cmd", "arg"]);
    run.exits(0).prints("b arg");
}

fn other_errors_than_absence_end_the_lookup(wrapper: Wrapper) {
    let sandbox = sandbox();
    sandbox
        .files()
        .write("/run/b/loop", "#!/bin/sh\necho found\n");
    sandbox.files().chmod("/run/b/loop", 0o755);
    for (path, command) in [("/run/loop:/run/b", "cmd"), ("/run:/run/b", "loop")] {
        let run = run(&sandbox, wrapper, Some(path), &[command]);
        assert!(
            !run.status.success() && run.stdout.is_empty(),
            "{path}: {run}"
        );
    }
}

fn without_path_there_is_a_default(wrapper: Wrapper) {
    let run = run(&sandbox(), wrapper, None, &["echo", "found"]);
    run.exits(0).prints("found");
}

fn script_without_an_interpreter_is_run_by_the_shell(wrapper: Wrapper) {
    let sandbox = sandbox();
    let args = ["one two", "", "three"];
    for (path, name) in [("/run/plain:/run/script", "cmd"), ("", "/run/script/cmd")] {
        let args = [&[name][..], &args].concat();
        let run = run(&sandbox, wrapper, Some(path), &args);
        run.exits(0).prints("/run/script/cmd 3: one two  three");
    }
}

fn failures_of_the_lookup_have_their_status(wrapper: Wrapper) {
    let sandbox = sandbox();
    let long = "x".repeat(256);
    for (path, command, status, why) in [
        ("/run/loop:/run/b", "cmd", 126, "symbolic link"),
        ("/run/plain:/nosuch", "cmd", 126, "ermission denied"),
        ("/run/directory:/nosuch", "cmd", 126, "directory"),
        ("/run/broken:/nosuch", "cmd", 126, "interpreter"),
        ("/run/broken:/run/file", "cmd", 126, "interpreter"),
        ("/run/a", &long, 126, "too long"),
        ("/nosuch", &long, 127, "not found"),
        ("/nosuch:/run/file", "cmd", 127, "not found"),
        ("/run/a", "", 127, "not found"),
        ("/run/a", "/run/file/cmd", 127, "not found"),
    ] {
        let run = run(&sandbox, wrapper, Some(path), &[command]);
        run.exits(status).complains(&[command, why]);
    }
}
