//! The rules, grouped by the file that they are about. Rows whose answer takes a timeout, and those
//! that a peer answers by chance, are left out: they would not be stable.

use crate::set_up::Ask::{Any, AnyAddrconfig, Canonical, Four, Reverse, Six, SixAddrconfig};
use crate::set_up::Row;

/// Rows under a title.
pub(crate) struct Group {
    pub(crate) title: &'static str,
    pub(crate) rows: Vec<Row>,
}

/// All of them, in the order of the document.
pub(crate) fn groups() -> Vec<Group> {
    let group = |title, rows| Group { title, rows };
    vec![
        group("hosts", hosts()),
        group("nsswitch.conf", nsswitch()),
        group("host.conf", host_conf()),
        group("resolv.conf", resolv_conf()),
        group("DNS", dns()),
        group("getaddrinfo and gai.conf", getaddrinfo()),
        group("Names of addresses", reverse()),
    ]
}

fn hosts() -> Vec<Row> {
    vec![
        Row::new("VT, FF and CR separate as a space does", Four("form"))
            .hosts("10.0.0.1\x0cform\x0bother\r\n"),
        Row::new("`#` starts a comment in the middle of a word", Four("one"))
            .hosts("10.0.0.1 one#two\n"),
        Row::new("A byte order mark spoils the first line", Four("first"))
            .hosts("\u{feff}10.0.0.1 first\n"),
        Row::new("A NUL ends the line", Four("after")).hosts("10.0.0.1 before\0 after\n"),
        Row::new("Short IPv4 addresses do not count", Any("short")).hosts("10.1 short\n"),
        Row::new(
            "IPv4 addresses with leading zeros do not count",
            Any("octal"),
        )
        .hosts("010.0.0.1 octal\n"),
        Row::new("IPv6 addresses with a scope do not count", Any("scoped"))
            .hosts("fe80::1%lo scoped\n"),
        Row::new(
            "A v4-mapped line is an IPv4 address for AF_INET",
            Four("mapped"),
        )
        .hosts("::ffff:10.0.0.1 mapped\n"),
        Row::new("`::1` is 127.0.0.1 for AF_INET", Four("loop")).hosts("::1 loop\n"),
        Row::new("127.0.0.1 is never `::1`", Six("loop")).hosts("127.0.0.1 loop\n"),
        Row::new("Letters match in either case", Four("mIxEd")).hosts("10.0.0.1 MiXeD\n"),
        Row::new(
            "A dot at the end is part of the name in the file",
            Any("dotted"),
        )
        .hosts("10.0.0.1 dotted.\n"),
        Row::new(
            "A dot at the end is part of the name asked for",
            Any("plain."),
        )
        .hosts("10.0.0.1 plain\n"),
        Row::new("Names may have any bytes", Four("a!b$c")).hosts("10.0.0.1 a!b$c\n"),
        Row::new(
            "Without `multi on` only the first line counts",
            Four("twice"),
        )
        .hosts("10.0.0.1 twice\n10.0.0.2 twice\n"),
        Row::new("For AF_UNSPEC the first line of either family", Any("both"))
            .hosts("10.0.0.1 both\nfd00::1 both\n"),
        Row::new(
            "A name with an IPv4 line gets no AAAA from DNS",
            Any("www.corp.test"),
        )
        .hosts("10.0.0.1 www.corp.test\n")
        .dns("www.corp.test A 10.0.0.2\nwww.corp.test AAAA fd00::2\n"),
        Row::new(
            "For AF_INET6 a name with an IPv4 line goes on to DNS",
            Six("www.corp.test"),
        )
        .hosts("10.0.0.1 www.corp.test\n")
        .dns("www.corp.test A 10.0.0.2\nwww.corp.test AAAA fd00::2\n"),
        Row::new(
            "The first name of the line is canonical, as spelt",
            Canonical("nick"),
        )
        .hosts("10.0.0.1 Real.Test nick\n"),
        Row::new("`localhost` is a name like any other", Any("localhost")),
    ]
}

fn nsswitch() -> Vec<Row> {
    const BOTH: &str = "10.0.0.1 www.corp.test\n";
    const DNS: &str = "www.corp.test A 10.0.0.2\n";
    // Each of these hides DNS or the hosts file; who does not look asks both, files first.
    let www = |rule| Row::new(rule, Four("www.corp.test")).dns(DNS);
    vec![
        www("The services are asked in order")
            .hosts(BOTH)
            .nsswitch("hosts: dns files\n"),
        www("The last `hosts` line counts")
            .hosts(BOTH)
            .nsswitch("hosts: files\nhosts: dns\n"),
        www("A last line without newline is ignored").nsswitch("hosts: files"),
        www("The colon may be missing").nsswitch("hosts files\n"),
        www("The database's name is in lower case").nsswitch("HOSTS: files\n"),
        www("`#` is no comment after the database's name").nsswitch("hosts: files # dns\n"),
        www("No file: `files dns`").without("nsswitch.conf"),
        www("A syntax error in any known database disables all")
            .hosts(BOTH)
            .nsswitch("passwd: files [\nhosts: files\n"),
        www("`[NOTFOUND=return]`").nsswitch("hosts: files [NOTFOUND=return] dns\n"),
        www("`[!S=action]` is for all statuses but S")
            .nsswitch("hosts: files [!SUCCESS=return] dns\n"),
        www("A missing hosts file is UNAVAIL, not NOTFOUND")
            .without("hosts")
            .nsswitch("hosts: files [NOTFOUND=return] dns\n"),
        www("`[SUCCESS=continue]` throws the answer away")
            .hosts(BOTH)
            .nsswitch("hosts: files [SUCCESS=continue] dns\n"),
        Row::new(
            "`[SUCCESS=merge]` finds nothing for AF_UNSPEC",
            Any("www.corp.test"),
        )
        .hosts(BOTH)
        .nsswitch("hosts: files [SUCCESS=merge] dns\n")
        .dns(DNS),
        www("An unknown service is skipped")
            .hosts(BOTH)
            .nsswitch("hosts: nosuch files\n"),
        Row::new(
            "An unknown service at the end is an error",
            Any("nosuch.corp.test"),
        )
        .nsswitch("hosts: files nosuch\n"),
        Row::new(
            "SERVFAIL is UNAVAIL: `[TRYAGAIN=return]` goes on",
            Four("www.corp.test"),
        )
        .hosts(BOTH)
        .nsswitch("hosts: dns [TRYAGAIN=return] files\n")
        .dns("* ! servfail\n"),
        Row::new(
            "SERVFAIL, then a name that files lacks: not found",
            Any("nosuch.corp.test"),
        )
        .nsswitch("hosts: dns files\n")
        .dns("* ! servfail\n"),
    ]
}

fn host_conf() -> Vec<Row> {
    let twice = |rule| {
        Row::new(rule, Four("twice")).hosts("10.0.0.1 twice\n10.0.0.2 twice\n10.0.0.1 twice\n")
    };
    vec![
        twice("`multi on`: all lines, duplicates too").file("host.conf", "multi on\n"),
        twice("Keywords in either case; bad lines are skipped")
            .file("host.conf", "order bind,hosts\nbogus\nMULTI ON\n"),
        twice("`RESOLV_MULTI` in the environment overrides").env("RESOLV_MULTI", "on"),
        Row::new("`multi on` and both families", Any("both"))
            .hosts("10.0.0.1 both\nfd00::1 both\n")
            .file("host.conf", "multi on\n")
            .connected(),
    ]
}

fn resolv_conf() -> Vec<Row> {
    // The right server has one address, and the one that stands in for none another.
    const HERE: &str = "www.corp.test A 10.0.0.53\n";
    const DEFAULT: &str = "www.corp.test A 10.0.0.1\n";
    let www = |rule, content| {
        Row::new(rule, Four("www.corp.test"))
            .resolv_conf(content)
            .dns(HERE)
            .dns_at("127.0.0.1", DEFAULT)
    };
    let searched = |rule, content| {
        Row::new(rule, Four("www"))
            .resolv_conf(content)
            .dns("www.one.test A 10.0.0.1\nwww.two.test A 10.0.0.2\n")
    };
    vec![
        www("Without a server, 127.0.0.1", "search corp.test\n"),
        www(
            "A keyword stands in the first column",
            " nameserver 127.0.0.53\n",
        ),
        www(
            "A server may be written as inet_aton(3) takes it",
            "nameserver 0x7f.53\n",
        ),
        www("CR spoils a server", "nameserver 127.0.0.53\r\n"),
        Row::new("Three servers count", Four("www.corp.test"))
            .resolv_conf(
                "nameserver 127.0.0.51\nnameserver 127.0.0.51\nnameserver 127.0.0.51\n\
                 nameserver 127.0.0.53\noptions timeout:1 attempts:1\n",
            )
            .dns(HERE),
        searched(
            "The last `search` counts",
            "nameserver 127.0.0.53\nsearch one.test\nsearch two.test\n",
        ),
        searched(
            "`domain` replaces `search`",
            "nameserver 127.0.0.53\nsearch one.test\ndomain two.test\n",
        ),
        searched(
            "An empty `search` is ignored",
            "nameserver 127.0.0.53\nsearch one.test\nsearch\n",
        ),
        searched(
            "`;` starts a comment in the first column, in the middle it is data",
            "; search\nnameserver 127.0.0.53\nsearch ; two.test\n",
        ),
        searched(
            "CR spoils the last suffix",
            "nameserver 127.0.0.53\nsearch one.test two.test one.test\r\n",
        ),
        Row::new(
            "`ndots:2`: a name with one dot is searched for first",
            Four("a.b"),
        )
        .resolv_conf("nameserver 127.0.0.53\nsearch one.test\noptions ndots:2\n")
        .dns("a.b.one.test A 10.0.0.1\na.b A 10.0.0.2\n"),
        Row::new("A negative `ndots` is 15", Four("a.b"))
            .resolv_conf("nameserver 127.0.0.53\nsearch one.test\noptions ndots:-1\n")
            .dns("a.b.one.test A 10.0.0.1\na.b A 10.0.0.2\n"),
        Row::new("`attempts:0`: nobody is asked", Four("www.corp.test"))
            .resolv_conf("nameserver 127.0.0.53\noptions attempts:0\n")
            .dns(HERE),
        Row::new("`no-aaaa`: no AAAA is asked for", Any("www.corp.test"))
            .resolv_conf("nameserver 127.0.0.53\noptions no-aaaa\n")
            .dns("www.corp.test A 10.0.0.1\nwww.corp.test AAAA 2001:db8::1\n")
            .connected(),
        Row::new("`sortlist` orders for AF_INET", Four("www.corp.test"))
            .resolv_conf("nameserver 127.0.0.53\nsortlist 10.2.0.0/255.255.0.0\n")
            .dns("www.corp.test A 10.1.0.1\nwww.corp.test A 10.2.0.1\n"),
        searched(
            "`LOCALDOMAIN` in the environment replaces `search`",
            "nameserver 127.0.0.53\nsearch one.test\n",
        )
        .env("LOCALDOMAIN", "two.test"),
        Row::new(
            "`RES_OPTIONS` in the environment adds to `options`",
            Four("a.b"),
        )
        .resolv_conf("nameserver 127.0.0.53\nsearch one.test\n")
        .dns("a.b.one.test A 10.0.0.1\na.b A 10.0.0.2\n")
        .env("RES_OPTIONS", "ndots:2"),
        Row::new("`HOSTALIASES` names a file of aliases", Four("web"))
            .file("/run/aliases", "web www.corp.test\n")
            .dns("www.corp.test A 10.0.0.53\n")
            .env("HOSTALIASES", "/run/aliases"),
    ]
}

fn dns() -> Vec<Row> {
    const SEARCH: &str = "nameserver 127.0.0.53\nsearch one.test two.test\n";
    let searched = |rule, script| Row::new(rule, Any("www")).resolv_conf(SEARCH).dns(script);
    let www = |rule, script| Row::new(rule, Any("www.corp.test")).dns(script);
    vec![
        searched(
            "After NXDOMAIN comes the next suffix",
            "www.two.test A 10.0.0.2\n",
        ),
        searched(
            "After NODATA comes the next suffix",
            "www.one.test -\nwww.two.test A 10.0.0.2\n",
        ),
        searched(
            "After SERVFAIL comes the next suffix",
            "www.one.test ! servfail\nwww.two.test A 10.0.0.2\n",
        ),
        searched(
            "After REFUSED only the name as it is",
            "www.one.test ! refused\nwww.two.test A 10.0.0.2\nwww A 10.0.0.3\n",
        ),
        searched(
            "NODATA of a suffix is the error at the end",
            "www.one.test -\n",
        ),
        searched(
            "SERVFAIL of a suffix is the error at the end",
            "www.one.test ! servfail\n",
        ),
        Row::new("With a dot at the end there is no search", Any("www."))
            .resolv_conf(SEARCH)
            .dns("www.one.test A 10.0.0.1\n"),
        Row::new(
            "A first label with `-` in front is not asked for",
            Any("-a.corp.test"),
        )
        .dns("-a.corp.test A 10.0.0.1\n"),
        Row::new(
            "A name with other characters than letters, digits, `-` and `_` is not asked for",
            Any("a!b.corp.test"),
        )
        .dns("a!b.corp.test A 10.0.0.1\n"),
        Row::new("`_` is a character like any other", Any("a_b.corp.test"))
            .dns("a_b.corp.test A 10.0.0.1\n"),
        www(
            "A without an answer to AAAA is enough",
            "www.corp.test A 10.0.0.1\nwww.corp.test !AAAA servfail\n",
        ),
        www(
            "NODATA with NXDOMAIN: not found",
            "www.corp.test -\nwww.corp.test !AAAA nxdomain\n",
        ),
        www("SERVFAIL: try again", "www.corp.test ! servfail\n"),
        www(
            "NXDOMAIN with records in it: not found",
            "www.corp.test A 10.0.0.1\nwww.corp.test ! nxdomain\n",
        ),
        www(
            "Records of another owner do not count",
            "www.corp.test A 10.0.0.1\nwww.corp.test ! owner other.test\n",
        ),
        www(
            "A CNAME leads on",
            "www.corp.test CNAME web.test\nweb.test A 10.0.0.1\n",
        ),
        www(
            "A CNAME alone: not found",
            "www.corp.test CNAME web.test\nweb.test -\n",
        ),
        Row::new("A CNAME alone, AF_INET: no data", Four("www.corp.test"))
            .dns("www.corp.test CNAME web.test\nweb.test -\n"),
        www(
            "A target that is no host name still has its address",
            "www.corp.test CNAME a!b.test\na!b.test A 10.0.0.1\n",
        ),
        Row::new(
            "The end of the CNAMEs is canonical",
            Canonical("www.corp.test"),
        )
        .dns("www.corp.test CNAME web.test\nweb.test A 10.0.0.1\n"),
        www(
            "A truncated answer comes again over TCP",
            "www.corp.test A 10.0.0.1\nwww.corp.test ! truncated\n",
        ),
    ]
}

fn getaddrinfo() -> Vec<Row> {
    const TWO: &str = "www.corp.test A 10.0.0.1\nwww.corp.test AAAA 2001:db8::1\n";
    let www = |rule| Row::new(rule, Any("www.corp.test")).connected().dns(TWO);
    vec![
        Row::new(
            "An address may be written as inet_aton(3) takes it",
            Any("127.1"),
        ),
        Row::new(
            "An interface may be the scope of a link-local address",
            Any("fe80::1%lo"),
        ),
        Row::new(
            "AF_INET: a name of digits and dots never reaches the hosts file",
            Four("1.2.3.4.5"),
        )
        .hosts("10.0.0.1 1.2.3.4.5\n"),
        Row::new("An address of the other family", Six("10.0.0.1")),
        Row::new(
            "`AI_ADDRCONFIG`: 127.0.0.1 and `::1` do not count",
            SixAddrconfig("six"),
        )
        .hosts("fd00::1 six\n"),
        Row::new(
            "`AI_ADDRCONFIG` with neither family: AF_UNSPEC is not narrowed",
            AnyAddrconfig("six"),
        )
        .hosts("fd00::1 six\n"),
        www("IPv6 comes first where both can be reached"),
        Row::new("What can be reached comes first", Any("www.corp.test"))
            .dns("www.corp.test AAAA 2001:db8::1\nwww.corp.test A 127.0.0.9\n"),
        www("gai.conf: a higher precedence comes first")
            .file("gai.conf", "precedence ::ffff:0:0/96 100\n"),
        www("gai.conf: a label unlike the source's comes last").file(
            "gai.conf",
            "label ::/0 1\nlabel 2001:db8::1/128 7\nlabel ::ffff:0:0/96 4\n",
        ),
        www("gai.conf: a bad line is skipped")
            .file("gai.conf", "bogus\nprecedence ::ffff:0:0/96 100\n"),
    ]
}

fn reverse() -> Vec<Row> {
    vec![
        Row::new(
            "The name is as spelt in the hosts file",
            Reverse("10.0.0.1"),
        )
        .hosts("10.0.0.1 First.Test\n"),
        Row::new("`::1` is 127.0.0.1", Reverse("127.0.0.1")).hosts("::1 loop\n"),
        Row::new("From DNS", Reverse("10.0.0.1")).dns("1.0.0.10.in-addr.arpa PTR www.corp.test\n"),
        Row::new("The hosts file comes before", Reverse("10.0.0.1"))
            .hosts("10.0.0.1 www\n")
            .dns("1.0.0.10.in-addr.arpa PTR other.corp.test\n"),
        Row::new("A name that is none does not count", Reverse("10.0.0.1"))
            .dns("1.0.0.10.in-addr.arpa PTR a!b.corp.test\n"),
    ]
}
