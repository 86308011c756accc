//! What is kept, and for how long.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use super::*;

/// A directory in the place of `/etc`, removed at the end.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("netns-small-{}-{name}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Directory(path)
    }

    fn path(&self) -> PathBuf {
        self.0.join("gai.conf")
    }

    fn read(&self, files: &SmallFiles) -> Content {
        let etc = Etc::Directory(self.0.clone());
        files.read(&etc, "gai.conf", &mut Trace::default()).unwrap()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Long enough that a change will show.
fn settle(path: &Path) {
    while !Signature::at(path).unwrap().is_settled() {
        sleep(Duration::from_millis(1));
    }
}

fn text(content: &Content) -> Result<&str, Errno> {
    let content = content.as_ref().map_err(|unread| unread.errno())?;
    Ok(std::str::from_utf8(content).unwrap())
}

#[test]
fn unchanged_is_kept() {
    let (directory, files) = (Directory::new("unchanged"), SmallFiles::default());
    fs::write(directory.path(), "a").unwrap();
    settle(&directory.path());
    let (one, other) = (directory.read(&files), directory.read(&files));
    assert_eq!(text(&one), Ok("a"));
    assert!(Arc::ptr_eq(&one.unwrap(), &other.unwrap()));
}

#[test]
fn changed_is_read_again() {
    let (directory, files) = (Directory::new("changed"), SmallFiles::default());
    for settles in [true, false] {
        for round in 0..20 {
            let content = char::from(b'a' + round).to_string();
            fs::write(directory.path(), &content).unwrap();
            assert_eq!(text(&directory.read(&files)), Ok(&*content));
            if settles {
                settle(&directory.path());
            }
            assert_eq!(text(&directory.read(&files)), Ok(&*content));
        }
    }
    let new = directory.0.join("new");
    fs::write(&new, "new").unwrap();
    fs::rename(new, directory.path()).unwrap();
    assert_eq!(text(&directory.read(&files)), Ok("new"));
}

#[test]
fn missing_is_kept_until_it_is_there() {
    let (directory, files) = (Directory::new("missing"), SmallFiles::default());
    for _ in 0..2 {
        for _ in 0..2 {
            assert_eq!(text(&directory.read(&files)), Err(Errno::ENOENT));
        }
        fs::write(directory.path(), "there").unwrap();
        settle(&directory.path());
        for _ in 0..2 {
            assert_eq!(text(&directory.read(&files)), Ok("there"));
        }
        fs::remove_file(directory.path()).unwrap();
    }
}

#[test]
fn what_is_no_file_is_not_kept() {
    let (directory, files) = (Directory::new("directory"), SmallFiles::default());
    fs::create_dir(directory.path()).unwrap();
    assert_eq!(text(&directory.read(&files)), Err(Errno::EISDIR));
    fs::remove_dir(directory.path()).unwrap();
    fs::write(directory.path(), "a").unwrap();
    assert_eq!(text(&directory.read(&files)), Ok("a"));
}
