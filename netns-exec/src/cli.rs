//! The command line. This one definition feeds `--help` and the man page.

use std::ffi::OsString;
use std::num::NonZero;

use clap::{Parser, ValueEnum};

/// Run a command in a network namespace, with the files of /etc/netns/NAME over those of /etc.
///
/// netns-exec enters the network namespace NAME and a private mount namespace of its own. There it
/// mounts every entry of /etc/netns/NAME over the one of the same name in /etc, so that every
/// program sees the namespace's files: hosts, resolv.conf, nsswitch.conf and whatever else there
/// is. Then it replaces itself with COMMAND. An override that cannot be put in place is an error,
/// and COMMAND is not run.
#[derive(Clone, Debug, Default, Parser)]
#[command(
    name = "netns-exec",
    version,
    args_override_self = true,
    override_usage = "netns-exec [OPTIONS] NAME [--] [COMMAND [ARG]...]\n       \
                      netns-exec [OPTIONS] --all [--match GLOB] [-j N] [--] COMMAND [ARG]...\n       \
                      netns-exec --check NAME... [--json]\n       \
                      netns-exec --heal [NAME]\n       netns-exec --watch [NAME]\n       \
                      netns-exec [OPTIONS] --pin NAME\n       netns-exec --unpin NAME",
    after_help = "Exit status: COMMAND's own; 125 if netns-exec itself failed, 126 if COMMAND \
                  cannot be executed, 127 if it is not found. Of --all: 0 if every command exited \
                  0, 1 if not, 125 if a view could not be made. Of --check: 0 if nothing is wrong, \
                  1 if something is, 125 if something could not be looked at."
)]
pub struct Cli {
    /// How the files of /etc/netns/NAME come over those of /etc
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    pub etc: Etc,

    /// Whether daemons of the host may answer for names through their sockets
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    pub host_resolvers: HostResolvers,

    /// What becomes of /sys
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    pub sys: Sys,

    /// Run the command as USER: a login name or user id, with its groups
    #[arg(short, long, value_name = "USER")]
    pub user: Option<OsString>,

    /// Run the command in every namespace of /run/netns, several at a time; each line of output is
    /// preceded by the name of its namespace
    #[arg(long, conflicts_with_all = ["check", "heal", "watch"])]
    pub all: bool,

    /// With --all, only in those whose name matches, as in a shell: *, ?, [...]
    #[arg(long = "match", value_name = "GLOB")]
    pub pattern: Option<OsString>,

    /// With --all, how many commands run at a time [default: the number of processors]
    #[arg(short, value_name = "N")]
    pub jobs: Option<NonZero<usize>>,

    /// Say what keeps namespaces, and every process in them, from resolving by the namespace's own
    /// files: what is wrong, since what, how to mend it
    #[arg(long, conflicts_with_all = ["heal", "watch", "etc", "host_resolvers", "sys", "user"])]
    pub check: bool,

    /// With --check, one JSON object a line for each thing that is wrong
    #[arg(long)]
    pub json: bool,

    /// Make running views whole: put back overrides that the host has uncovered, renew those that
    /// were replaced, add new ones, drop removed ones, hide the host's daemons again
    #[arg(long, conflicts_with_all = ["etc", "host_resolvers", "sys", "user"])]
    pub heal: bool,

    /// Heal views as soon as something happens to them, until SIGTERM
    #[arg(long, conflicts_with_all = ["heal", "etc", "host_resolvers", "sys", "user"])]
    pub watch: bool,

    /// Prepare a view of NAME and keep it: later commands with the same options start in it, fast
    /// however many namespaces there are, and share its mounts
    #[arg(long, conflicts_with_all = ["all", "check", "heal", "watch", "user"])]
    pub pin: bool,

    /// Forget the view that --pin has kept; commands in it go on
    #[arg(long, conflicts_with_all = ["all", "check", "heal", "watch", "pin", "etc",
        "host_resolvers", "sys", "user"])]
    pub unpin: bool,

    /// Say on standard error what is mounted where
    #[arg(short)]
    pub verbose: bool,

    /// A name below /run/netns, or the path of a namespace file such as /proc/PID/ns/net; then
    /// the command and its arguments ($SHELL, else /bin/sh, if there is none)
    #[arg(
        value_name = "NAME [COMMAND [ARG]...]",
        required_unless_present_any = ["heal", "watch", "all"],
        trailing_var_arg = true,
        allow_hyphen_values = false
    )]
    pub name_and_command: Vec<OsString>,
}

impl Cli {
    /// Read the arguments, the first of which is the name of this program.
    ///
    /// # Errors
    /// Bad usage, or a demand for help.
    pub(crate) fn read(mut args: Vec<OsString>) -> Result<Cli, clap::Error> {
        match args.get(1) {
            // A namespace comes first, so no option is there: the command line of nearly every
            // start, for which a parser would take a tenth of all the time.
            Some(first) if !first.as_encoded_bytes().starts_with(b"-") => Ok(Cli {
                name_and_command: args.split_off(1),
                ..Cli::default()
            }),
            _ => Cli::try_parse_from(args),
        }
    }
}

/// How overrides come over `/etc`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Etc {
    /// Mount each over the host's; writes go through to /etc/netns/NAME
    #[default]
    Bind,
    /// Cover /etc by links that nothing the host does uncovers; new files of the namespace are
    /// seen at once; no entries of /etc itself can be made
    Sealed,
}

/// What becomes of the host's daemons that resolve names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum HostResolvers {
    /// Hide the sockets of nscd, systemd-resolved, avahi, sssd and the like
    #[default]
    Mask,
    /// Leave them alone: their answers are the host's
    Keep,
}

/// What becomes of `/sys`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Sys {
    /// A sysfs of the namespace, with all that is mounted below /sys kept
    #[default]
    Auto,
    /// Leave it alone
    Keep,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What [`Cli::read`] takes for granted.
    #[test]
    fn all_that_follows_a_name_is_the_command_s() {
        let words = [
            "netns-exec",
            "alpha",
            "-v",
            "--check",
            "--",
            "--etc",
            "sealed",
        ];
        let parsed = Cli::try_parse_from(words).expect("a command line");
        let plain = Cli {
            name_and_command: words[1..].iter().map(OsString::from).collect(),
            ..Cli::default()
        };
        assert_eq!(format!("{parsed:?}"), format!("{plain:?}"));
    }
}
