//! The command line. This one definition feeds `--help` and the man page.

use std::ffi::OsString;

use clap::Parser;

/// Say what host names resolve to in a network namespace, and why.
///
/// The answer is the one that getaddrinfo(3) gives to a program run by netns-exec in the
/// namespace: from the same files, in the same order, with the same error. Only a DNS query from
/// outside the namespace needs root.
#[derive(Debug, Default, Parser)]
#[command(
    name = "netns-resolve",
    version,
    args_override_self = true,
    override_usage = "netns-resolve [OPTIONS] NAME [--] HOST...\n       \
                      netns-resolve [OPTIONS] -x NAME ADDRESS...",
    after_help = "Exit status, the worst of all hosts: 0 found; 2 no such name; 3 a temporary \
                  failure; 4 --compare found a difference; 125 netns-resolve itself failed."
)]
pub struct Cli {
    /// Ask for IPv4 addresses only (AF_INET)
    #[arg(short = '4', conflicts_with = "ipv6")]
    pub ipv4: bool,

    /// Ask for IPv6 addresses only (AF_INET6)
    #[arg(short = '6')]
    pub ipv6: bool,

    /// Ask only for what the namespace's own addresses can use (AI_ADDRCONFIG)
    #[arg(long)]
    pub addrconfig: bool,

    /// The name of an address, as getnameinfo(3) gives it
    #[arg(short = 'x', long, conflicts_with_all = ["ipv4", "ipv6", "addrconfig"])]
    pub reverse: bool,

    /// Show every step that led to the answer
    #[arg(long)]
    pub explain: bool,

    /// Also ask glibc, in the view that netns-exec makes, and show both where they differ; takes
    /// root
    #[arg(long)]
    pub compare: bool,

    /// Answer the questions on standard input with glibc (for --compare)
    #[arg(long, hide = true)]
    pub answer_with_glibc: bool,

    /// One JSON object a line, one line a host
    #[arg(long)]
    pub json: bool,

    /// A name below /run/netns, the path of a namespace file such as /proc/PID/ns/net, or . for
    /// the namespace of this process
    #[arg(value_name = "NAME")]
    pub namespace: OsString,

    /// Host names, or addresses with -x; - reads them from standard input, one a line
    #[arg(value_name = "HOST", required_unless_present = "answer_with_glibc")]
    pub hosts: Vec<OsString>,
}

impl Cli {
    /// Read the arguments, the first of which is the name of this program.
    ///
    /// # Errors
    /// Bad usage, or a demand for help.
    pub(crate) fn read(mut args: Vec<OsString>) -> Result<Cli, clap::Error> {
        let is_option = |it: &OsString| it.as_encoded_bytes().starts_with(b"-") && it != "-";
        // No option is there: a parser would take a tenth of all the time for nothing.
        if args.len() > 2 && !args.iter().skip(1).any(is_option) {
            let hosts = args.split_off(2);
            return Ok(Cli {
                namespace: args.remove(1),
                hosts,
                ..Cli::default()
            });
        }
        Cli::try_parse_from(args)
    }
}
