use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::PathBuf;

use hostsfile::{Family, Hosts};

/// A file in the test's own directory, removed at the end.
struct TestFile(PathBuf);

impl TestFile {
    fn new(name: &str, content: &[u8]) -> TestFile {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("{name}-{}", std::process::id()));
        fs::write(&path, content).expect("the directory for tests is writable");
        TestFile(path)
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn open_reads_a_file_and_keeps_it_when_the_file_is_truncated() {
    let file = TestFile::new("open", b"1.2.3.4 \xff\n");
    let hosts = Hosts::open(&file.0).unwrap();
    fs::write(&file.0, "").unwrap();
    assert!(hosts.lookup(b"\xff", Family::Any, false).is_some());
}

#[test]
fn a_file_of_megabytes_is_read_as_a_small_one_is() {
    let line = "1.2.3.4 name\n";
    let content = line.repeat((5 << 20) / line.len()) + "1.2.3.5 last";
    let file = TestFile::new("large", content.as_bytes());
    let hosts = Hosts::open(&file.0).unwrap();
    assert!(hosts.as_bytes() == content.as_bytes());
    for _ in 0..2 {
        let answer = hosts.lookup(b"last", Family::Any, false).unwrap();
        let line = answer.lines().next().unwrap();
        assert_eq!(line.number(), content.lines().count());
        assert_eq!(hosts.reverse([1, 2, 3, 5].into()).as_ref(), Some(line));
        hosts.index_names();
        hosts.index_addresses();
    }
}

#[test]
fn an_empty_file_is_a_hosts_file() {
    let file = TestFile::new("empty", b"");
    let hosts = Hosts::open(&file.0).unwrap();
    assert_eq!(hosts.lines().count(), 0);
    assert!(hosts.lookup(b"a", Family::Any, true).is_none());
    assert!(hosts.lookup(b"", Family::Any, true).is_none());
    assert!(hosts.reverse([1, 2, 3, 4].into()).is_none());
}

#[test]
fn open_says_why_it_cannot() {
    let error = Hosts::open("/nonexistent/hosts").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let error = Hosts::open(env!("CARGO_TARGET_TMPDIR")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IsADirectory);
}

#[test]
#[allow(unsafe_code)]
fn map_reads_what_open_reads() {
    for (name, content) in [("map", &b"1.2.3.4 a\n"[..]), ("map-empty", b"")] {
        let file = TestFile::new(name, content);
        // SAFETY: no one else knows the file, and it is changed only after `hosts` is gone.
        let hosts = unsafe { Hosts::map(&File::open(&file.0).unwrap()) }.unwrap();
        assert_eq!(hosts.as_bytes(), content);
    }
}

#[test]
#[allow(unsafe_code)]
fn map_reads_files_that_have_content_but_no_length() {
    let file = File::open("/proc/self/status").unwrap();
    // SAFETY: a file of length zero is read, not mapped.
    let hosts = unsafe { Hosts::map(&file) }.unwrap();
    assert!(!hosts.as_bytes().is_empty());
}
