//! How the hosts file is read: the answers are the same, however often it is asked.

use std::fs;

use super::*;

/// A directory with a hosts file, removed at the end.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("netns-files-{}-{name}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Directory(path)
    }

    fn write(&self, content: &str) {
        fs::write(self.0.join("hosts"), content).unwrap();
    }

    /// Long enough that a change will show.
    fn settle(&self) {
        while !Signature::at(&self.0.join("hosts")).unwrap().is_settled() {
            std::thread::yield_now();
        }
    }

    fn hosts(&self, cache: &HostsCache) -> HostsFile {
        let etc = Etc::Directory(self.0.clone());
        let read = cache.read(&etc, &mut Trace::default()).unwrap();
        read.unwrap().0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The line of a name, and of the first address of that line, and whether glibc overruns.
fn ask(hosts: &HostsFile, name: &str) -> Option<(usize, usize, bool)> {
    let (line, address, overrun) = hosts
        .lookup(
            name.as_bytes(),
            hostsfile::Family::Any,
            false,
            |answer, overrun| {
                let answer = answer?;
                let line = answer.lines().next()?;
                Some((line.number(), line.address, overrun))
            },
        )
        .unwrap()?;
    let reverse = hosts.reverse(address, |line, _| line.map(|line| line.number()));
    Some((line, reverse.unwrap()?, overrun))
}

fn large(last: &str) -> String {
    let line = "192.0.2.1 filler\n";
    line.repeat(HostsCache::LARGE as usize / line.len() + 1) + last
}

#[test]
fn large_files_pass_until_they_are_asked_often() {
    let (directory, cache) = (Directory::new("often"), HostsCache::default());
    directory.write(&large("192.0.2.2 last\n"));
    directory.settle();
    let lines = large("").lines().count();
    for question in 1..2 * HostsCache::FEW {
        let hosts = directory.hosts(&cache);
        let passing = matches!(hosts, HostsFile::Passing(_));
        assert_eq!(passing, question <= HostsCache::FEW, "{question}");
        // One question to a file that passes.
        let line = hosts.lookup(b"LAST", hostsfile::Family::Any, true, |answer, _| {
            answer.unwrap().lines().next().unwrap().number()
        });
        assert_eq!(line.unwrap(), lines + 1, "{question}");
        let line = directory
            .hosts(&HostsCache::default())
            .reverse([192, 0, 2, 2].into(), |line, _| {
                line.map(|line| line.number())
            });
        assert_eq!(line.unwrap(), Some(lines + 1));
    }
    assert_eq!(
        ask(&directory.hosts(&cache), "last"),
        Some((lines + 1, lines + 1, false))
    );
}

#[test]
fn small_files_are_kept_at_once() {
    let (directory, cache) = (Directory::new("small"), HostsCache::default());
    directory.write("192.0.2.1 a\n192.0.2.2 b\n");
    directory.settle();
    for question in 1..2 * HostsCache::FEW {
        let hosts = directory.hosts(&cache);
        let HostsFile::Kept(_, asked) = &hosts else {
            panic!("passing");
        };
        assert_eq!(*asked == Asked::Often, question > HostsCache::FEW);
        assert_eq!(ask(&hosts, "b"), Some((2, 2, false)));
        assert_eq!(ask(&hosts, "c"), None);
    }
}

#[test]
fn a_file_that_has_changed_is_read_anew() {
    let (directory, cache) = (Directory::new("changed"), HostsCache::default());
    for round in 0..3 {
        for last in ["192.0.2.2 one\n", "192.0.2.2 three\n"] {
            for content in [last.to_owned(), large(last)] {
                directory.write(&content);
                // Kept in one round, too young for that in the others.
                if round == 1 {
                    directory.settle();
                }
                for _ in 0..=HostsCache::FEW {
                    let found = directory.hosts(&cache).lookup(
                        last[10..].trim().as_bytes(),
                        hostsfile::Family::Any,
                        false,
                        |answer, _| answer.is_some(),
                    );
                    assert!(found.unwrap(), "{round} {last}");
                }
            }
        }
    }
}

#[test]
fn an_overrun_matters_up_to_the_line_that_answers() {
    for filler in [String::new(), large("")] {
        let directory = Directory::new(&format!("overrun-{}", filler.len()));
        directory.write(&format!(
            "192.0.2.1 a\n{filler} 192.0.2.2 b\0\n192.0.2.3 c\n"
        ));
        directory.settle();
        let cache = HostsCache::default();
        for _ in 0..2 * HostsCache::FEW {
            for (name, multi, expected) in [
                ("a", false, false),
                ("a", true, true),
                ("c", false, true),
                ("d", false, true),
            ] {
                let overrun = directory.hosts(&cache).lookup(
                    name.as_bytes(),
                    hostsfile::Family::Any,
                    multi,
                    |_, overrun| overrun,
                );
                assert_eq!(overrun.unwrap(), expected, "{name} {multi}");
            }
        }
    }
}
