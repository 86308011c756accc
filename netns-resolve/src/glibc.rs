//! What glibc says in the view of a namespace: a process of this program that lives there and
//! asks the C library it is linked with, and the pipe to it.
//!
//! A process of its own because a view takes over the process that enters it, and because glibc
//! can crash or hang on files that this program reads without harm.

use std::ffi::{CString, OsStr};
use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::IpAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use netns::glibc::{self, AddrInfo, Family, Flags, GaiError};
use netns::view::{Options, Sys, View};
use netns::{Namespace, Selector};

/// Longer than any answer of glibc takes: three servers, five attempts of 30 seconds and more each,
/// are for configurations that nobody waits for.
const PATIENCE: Duration = Duration::from_secs(120);

/// A question for glibc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    Forward {
        name: Vec<u8>,
        family: Family,
        addrconfig: bool,
    },
    Reverse {
        ip: IpAddr,
        scope_id: u32,
    },
}

/// What glibc answers; the error is that of getaddrinfo(3) or getnameinfo(3).
pub(crate) type Answer = Result<AddrInfo, GaiError>;

/// The process, as the program that asks has it.
pub(crate) struct Glibc {
    process: Child,
    questions: ChildStdin,
    answers: Receiver<String>,
}

impl Glibc {
    /// Start it in the view of the namespace that the user pointed at.
    ///
    /// # Errors
    /// Why there is no view, in words.
    pub(crate) fn start(namespace: &OsStr) -> Result<Glibc, String> {
        let failed = |error: io::Error| format!("cannot start a process to ask glibc: {error}");
        let mut process = Command::new("/proc/self/exe")
            .args(["--answer-with-glibc", "--"])
            .arg(namespace)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let (Some(questions), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(failed(io::ErrorKind::BrokenPipe.into()));
        };
        let (sender, answers) = sync_channel(1);
        // Ends with the process, at the end of its output.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut glibc = Glibc {
            process,
            questions,
            answers,
        };
        match glibc.line()?.split_once(' ') {
            None => Ok(glibc),
            Some((_, why)) => Err(format!("cannot ask glibc: {why}")),
        }
    }

    /// Ask it.
    ///
    /// # Errors
    /// What became of the process, where it gave no answer.
    pub(crate) fn ask(&mut self, question: &Question) -> Result<Answer, String> {
        // If it is gone, reading tells why.
        let _ = writeln!(self.questions, "{}", encode_question(question));
        let line = self.line()?;
        decode_answer(&line).ok_or_else(|| format!("glibc's process said {line:?}"))
    }

    fn line(&mut self) -> Result<String, String> {
        match self.answers.recv_timeout(PATIENCE) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Timeout) => {
                Err(format!("glibc gave no answer in {} s", PATIENCE.as_secs()))
            }
            Err(RecvTimeoutError::Disconnected) => match self.process.wait() {
                Ok(status) => Err(format!("glibc's process ended: {status}")),
                Err(error) => Err(format!("glibc's process is lost: {error}")),
            },
        }
    }
}

impl Drop for Glibc {
    fn drop(&mut self) {
        // Both fail if it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The process itself: enter the view, then answer each line until there are no more.
pub(crate) fn serve(namespace: &OsStr) -> io::Result<()> {
    let mut output = io::stdout().lock();
    if let Err(error) = enter_view(namespace) {
        return writeln!(output, "failed {error}");
    }
    writeln!(output, "ready")?;
    output.flush()?;
    for line in io::stdin().lines() {
        let answer = match decode_question(&line?) {
            Some(question) => encode_answer(&answer(&question)),
            None => "?".to_owned(),
        };
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    Ok(())
}

fn enter_view(namespace: &OsStr) -> Result<(), netns::Error> {
    let (namespace, name) = if namespace == "." {
        (Namespace::current()?, netns::current_name()?)
    } else {
        Namespace::find(&Selector::new(namespace)?)?
    };
    let mut options = Options::default();
    options.sys = Sys::Keep;
    View::enter(&namespace, name.as_ref(), options, &mut |_| {})?.settle(&mut |_| {})
}

/// The error and the addresses as without `AI_CANONNAME`, the canonical name as with it, which
/// changes both in some cases.
fn answer(question: &Question) -> Answer {
    match question {
        Question::Forward {
            name,
            family,
            addrconfig,
        } => {
            // The C library reads a name up to its first NUL.
            let name: Vec<u8> = name.iter().copied().take_while(|&byte| byte != 0).collect();
            let name = CString::new(name).unwrap_or_default();
            let ask = |canonname| {
                glibc::getaddrinfo(
                    &name,
                    *family,
                    Flags {
                        addrconfig: *addrconfig,
                        canonname,
                    },
                )
            };
            let mut info = ask(false)?;
            info.canonical_name = ask(true).ok().and_then(|info| info.canonical_name);
            Ok(info)
        }
        Question::Reverse { ip, scope_id } => {
            let name = glibc::getnameinfo(*ip, *scope_id)?;
            Ok(AddrInfo {
                addresses: vec![(*ip, *scope_id)],
                canonical_name: Some(name),
            })
        }
    }
}

fn encode_question(question: &Question) -> String {
    match question {
        Question::Forward {
            name,
            family,
            addrconfig,
        } => {
            let family = match family {
                Family::Unspec => 'U',
                Family::Inet => '4',
                Family::Inet6 => '6',
            };
            format!("{family} {} {}", u8::from(*addrconfig), encode_bytes(name))
        }
        Question::Reverse { ip, scope_id } => format!("x {scope_id} {ip}"),
    }
}

fn decode_question(line: &str) -> Option<Question> {
    let mut words = line.split(' ');
    let (kind, number, text) = (words.next()?, words.next()?, words.next()?);
    let family = match kind {
        "U" => Family::Unspec,
        "4" => Family::Inet,
        "6" => Family::Inet6,
        "x" => {
            return Some(Question::Reverse {
                ip: text.parse().ok()?,
                scope_id: number.parse().ok()?,
            });
        }
        _ => return None,
    };
    Some(Question::Forward {
        name: decode_bytes(text)?,
        family,
        addrconfig: number == "1",
    })
}

fn encode_answer(answer: &Answer) -> String {
    match answer {
        Err(error) => format!("error {} {}", error.code, error.errno),
        Ok(info) => {
            let mut line = match &info.canonical_name {
                Some(name) => format!("found {}", encode_bytes(name)),
                None => "found -".to_owned(),
            };
            for (ip, scope_id) in &info.addresses {
                // Writing to a String cannot fail.
                let _ = write!(line, " {ip} {scope_id}");
            }
            line
        }
    }
}

fn decode_answer(line: &str) -> Option<Answer> {
    let words: Vec<&str> = line.split(' ').collect();
    match words.as_slice() {
        ["error", code, errno] => Some(Err(GaiError {
            code: code.parse().ok()?,
            errno: errno.parse().ok()?,
        })),
        ["found", name, addresses @ ..] => {
            let canonical_name = if *name == "-" {
                None
            } else {
                Some(decode_bytes(name)?)
            };
            let addresses = addresses
                .chunks_exact(2)
                .map(|pair| Some((pair[0].parse().ok()?, pair[1].parse().ok()?)))
                .collect::<Option<_>>()?;
            Some(Ok(AddrInfo {
                addresses,
                canonical_name,
            }))
        }
        _ => None,
    }
}

/// Any bytes as one word: `=` and two hexadecimal digits each.
fn encode_bytes(bytes: &[u8]) -> String {
    bytes.iter().fold("=".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn decode_bytes(word: &str) -> Option<Vec<u8>> {
    let digits = word.strip_prefix('=')?.as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    digits
        .chunks(2)
        .map(|pair| u8::try_from(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_and_answers_survive_the_pipe() {
        let questions = [
            Question::Forward {
                name: b"a \n\xff".to_vec(),
                family: Family::Inet,
                addrconfig: true,
            },
            Question::Forward {
                name: Vec::new(),
                family: Family::Unspec,
                addrconfig: false,
            },
            Question::Reverse {
                ip: "fe80::1".parse().unwrap(),
                scope_id: 3,
            },
        ];
        for question in questions {
            assert_eq!(decode_question(&encode_question(&question)), Some(question));
        }
        let found = AddrInfo {
            addresses: vec![("::1".parse().unwrap(), 0), ("fe80::1".parse().unwrap(), 2)],
            canonical_name: Some(Vec::new()),
        };
        for answer in [Ok(found), Err(GaiError { code: -2, errno: 0 })] {
            assert_eq!(decode_answer(&encode_answer(&answer)), Some(answer));
        }
        assert_eq!(decode_answer("nonsense"), None);
        assert_eq!(decode_bytes("=0"), None);
    }
}
