//! Handles of network namespaces: opened, verified, compared, entered.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{env, io, thread};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat};
use nix::sched::{CloneFlags, setns};
use nix::sys::stat::{Mode, SFlag, fstat, fstatat, lstat};
use nix::sys::statfs::{FsType, fstatfs};

use crate::file_id::{FileId, described, file_type};
use crate::name::{NAMED_NAMESPACES, Name, Selector};
use crate::printable::printable;
use crate::sys::nsfs::namespace_type;
use crate::view::is_in_pinned_view;
use crate::{Error, Names, OVERRIDES};

/// The environment variable that names the namespace to a command run by netns-exec.
pub const ENVIRONMENT_VARIABLE: &str = "NETNS";

/// What makes two handles the same namespace: device and inode of its file in nsfs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NamespaceId(FileId);

impl NamespaceId {
    /// Of the namespace whose file in nsfs this is.
    pub(crate) fn of(file: FileId) -> NamespaceId {
        NamespaceId(file)
    }
}

/// An open network namespace. It lives at least as long as the handle.
#[derive(Debug)]
pub struct Namespace {
    fd: OwnedFd,
    /// Looked up when it is asked for: to enter the namespace it is not needed.
    id: OnceLock<NamespaceId>,
    /// What was at the path just before it was opened.
    seen: FileId,
    path: PathBuf,
}

impl Namespace {
    /// Open what the user pointed at.
    ///
    /// # Errors
    /// [`Error::NoSuchNamespace`] and [`Error::NotANamespace`].
    pub fn open(selector: &Selector) -> Result<Namespace, Error> {
        Namespace::open_path(&selector.path())
    }

    /// Open what the user pointed at, and tell by which name its files in `/etc/netns` are found.
    ///
    /// # Errors
    /// As [`Namespace::open`] and [`Namespace::name`].
    pub fn find(selector: &Selector) -> Result<(Namespace, Option<Name>), Error> {
        let (namespace, name) = Namespace::find_to_enter(selector)?;
        if let Selector::Name(_) = selector {
            namespace.verify()?;
        }
        Ok((namespace, name))
    }

    /// [`Namespace::find`] of one that is entered next: whether a file in `/run/netns` is that of
    /// a network namespace the kernel tells [`Namespace::enter`] then, in a system call less.
    ///
    /// # Errors
    /// As [`Namespace::find`], but for that.
    pub fn find_to_enter(selector: &Selector) -> Result<(Namespace, Option<Name>), Error> {
        match selector {
            Selector::Name(name) => {
                let path = name.path();
                let namespace = Namespace::open_unverified(AT_FDCWD, &path, &path)?;
                Ok((namespace, Some(name.clone())))
            }
            Selector::Path(path) => {
                let namespace = Namespace::open_path(path)?;
                let name = namespace.name()?;
                Ok((namespace, name))
            }
        }
    }

    /// The namespace of the calling thread.
    ///
    /// # Errors
    /// [`Error::System`] where `/proc` is not mounted.
    pub fn current() -> Result<Namespace, Error> {
        Namespace::open_path(Path::new("/proc/thread-self/ns/net"))
    }

    /// Open the one of this name in a directory that is, or was, `/run/netns`.
    pub(crate) fn open_named(directory: Option<&OwnedFd>, name: &Name) -> Result<Namespace, Error> {
        let path = name.path();
        match directory {
            Some(directory) => Namespace::open_at(directory, Path::new(name.as_os_str()), &path),
            None => Err(Error::NoSuchNamespace { path }),
        }
    }

    fn open_path(path: &Path) -> Result<Namespace, Error> {
        Namespace::open_at(AT_FDCWD, path, path)
    }

    /// Open `file` in `directory`; its `path` is what it is called.
    fn open_at(directory: impl AsFd, file: &Path, path: &Path) -> Result<Namespace, Error> {
        let namespace = Namespace::open_unverified(&directory, file, path)?;
        namespace.verify_at(directory, file)?;
        Ok(namespace)
    }

    fn open_unverified(directory: impl AsFd, file: &Path, path: &Path) -> Result<Namespace, Error> {
        // Opening a fifo or a device can hang or have effects, so look before.
        let stat = fstatat(&directory, file, AtFlags::empty());
        let stat = stat.map_err(|errno| cannot_open(path, errno))?;
        let kind = file_type(&stat);
        if kind != SFlag::S_IFREG {
            return Err(not_a_namespace(path, format!("it is {}", described(kind))));
        }
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let fd = openat(&directory, file, flags, Mode::empty())
            .map_err(|errno| not_a_namespace_or(directory, file, path, errno))?;
        Ok(Namespace {
            fd,
            id: OnceLock::new(),
            seen: FileId::of(&stat),
            path: path.to_owned(),
        })
    }

    fn verify(&self) -> Result<(), Error> {
        self.verify_at(AT_FDCWD, &self.path)
    }

    /// Make sure that what was opened as `file` in `directory` is a network namespace.
    fn verify_at(&self, directory: impl AsFd, file: &Path) -> Result<(), Error> {
        match namespace_type(&self.fd) {
            Ok(libc::CLONE_NEWNET) => Ok(()),
            Ok(_) => Err(not_a_namespace(
                &self.path,
                "it is a namespace of another kind".into(),
            )),
            Err(errno) => Err(not_a_namespace_or(directory, file, &self.path, errno)),
        }
    }

    /// What identifies it.
    pub fn id(&self) -> NamespaceId {
        *self.id.get_or_init(|| {
            // A descriptor of ours can be looked at as a matter of course.
            NamespaceId::of(FileId::of_fd(&self.fd).unwrap_or(self.seen))
        })
    }

    /// The file it was opened from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name it has in `/run/netns`: that of the file it was opened from if that is there, else
    /// the one that is found there.
    ///
    /// # Errors
    /// [`Error::System`] if the directory cannot be searched; [`Error::Ambiguous`] if several names
    /// are found and more than one has files of its own in `/etc/netns`.
    pub fn name(&self) -> Result<Option<Name>, Error> {
        if let (Some(directory), Some(name)) = (self.path.parent(), self.path.file_name())
            && FileId::of_path(Path::new(NAMED_NAMESPACES)).is_ok_and(|id| {
                // The directory of "name" alone is "".
                let directory = if directory.as_os_str().is_empty() {
                    Path::new(".")
                } else {
                    directory
                };
                id.is_at(directory)
            })
            && let Ok(name) = Name::new(name)
        {
            return Ok(Some(name));
        }
        let (own, plain): (Vec<_>, Vec<_>) = Names::read()?
            .filter(|name| self.is_at(&name.path()))
            .partition(|name| lstat(&Path::new(OVERRIDES).join(name.as_os_str())).is_ok());
        match own.as_slice() {
            [] => Ok(plain.into_iter().next()),
            [name] => Ok(Some(name.clone())),
            _ => Err(Error::Ambiguous {
                path: self.path.clone(),
                names: own,
            }),
        }
    }

    /// Whether the file at `path` is this namespace.
    pub fn is_at(&self, path: &Path) -> bool {
        self.id().0.is_at(path)
    }

    /// Whether the calling thread is in it.
    pub fn is_current(&self) -> bool {
        self.is_at(Path::new("/proc/thread-self/ns/net"))
    }

    /// Move the calling thread into the namespace, for good.
    ///
    /// Sockets belong to the namespace of the thread that makes them, so this suits a thread that
    /// exists for the namespace alone; see [`Namespace::spawn`].
    ///
    /// # Errors
    /// [`Error::CannotEnter`], without `CAP_SYS_ADMIN` in the user namespace that owns it and in
    /// the caller's own (setns(2)); [`Error::NotANamespace`] for what
    /// [`Namespace::find_to_enter`] has left open.
    pub fn enter(&self) -> Result<(), Error> {
        let failed = |errno| Error::CannotEnter {
            path: self.path.clone(),
            errno,
        };
        setns(&self.fd, CloneFlags::CLONE_NEWNET).map_err(|errno| {
            let is_none = (errno == Errno::EINVAL).then(|| self.verify().err());
            is_none.flatten().unwrap_or_else(|| failed(errno))
        })
    }

    /// Run `work` on a new thread inside the namespace; the caller's thread stays where it is.
    ///
    /// The thread does not call setns(2) if it starts in the namespace already, so no privilege is
    /// needed then. A socket made inside belongs to the namespace wherever it is used later:
    ///
    /// ```
    /// use std::net::UdpSocket;
    /// use std::sync::Arc;
    ///
    /// let namespace = Arc::new(netns::Namespace::current()?);
    /// let thread = namespace.spawn(|entered| {
    ///     entered?;
    ///     UdpSocket::bind("127.0.0.1:0")
    /// })?;
    /// let socket = thread.join().expect("no panic")?;
    /// assert!(socket.local_addr()?.ip().is_loopback());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Of starting the thread. Whether the namespace could be entered is told to `work`.
    pub fn spawn<T: Send + 'static>(
        self: &std::sync::Arc<Self>,
        work: impl FnOnce(Result<(), Error>) -> T + Send + 'static,
    ) -> io::Result<thread::JoinHandle<T>> {
        let namespace = self.clone();
        thread::Builder::new().name("netns".into()).spawn(move || {
            let entered = if namespace.is_current() {
                Ok(())
            } else {
                namespace.enter()
            };
            work(entered)
        })
    }
}

impl AsFd for Namespace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn not_a_namespace(path: &Path, why: String) -> Error {
    Error::NotANamespace {
        path: path.to_owned(),
        why,
    }
}

fn cannot_open(path: &Path, errno: Errno) -> Error {
    match errno {
        Errno::ENOENT | Errno::ENOTDIR => Error::NoSuchNamespace {
            path: path.to_owned(),
        },
        errno => Error::system(format!("open namespace {}", printable(path)), errno),
    }
}

/// What is wrong with a file, or else the error.
fn not_a_namespace_or(directory: impl AsFd, file: &Path, path: &Path, errno: Errno) -> Error {
    match why_none(directory, file, path) {
        Ok(Some(why)) => not_a_namespace(path, why),
        Ok(None) | Err(_) => cannot_open(path, errno),
    }
}

/// Why a file in a directory, which is called `path`, is no namespace. None if it is one, as a file
/// of nsfs.
fn why_none(directory: impl AsFd, file: &Path, path: &Path) -> nix::Result<Option<String>> {
    let look = OFlag::O_PATH | OFlag::O_CLOEXEC;
    let fd = openat(directory, file, look, Mode::empty())?;
    if fstatfs(&fd)?.filesystem_type() == FsType(libc::NSFS_MAGIC as _) {
        return Ok(None);
    }
    let kind = file_type(&fstat(&fd)?);
    let what = described(kind);
    Ok(Some(
        if kind == SFlag::S_IFREG && path.starts_with(NAMED_NAMESPACES) && is_in_pinned_view() {
            "the namespaces of /run/netns are not in a pinned view; run it on the host".into()
        } else if kind == SFlag::S_IFREG && path.starts_with(NAMED_NAMESPACES) {
            format!("it is {what}, left over from one (ip netns delete removes it)")
        } else {
            format!("it is {what}")
        },
    ))
}

/// The name of the namespace that the calling thread is in, if it has one.
///
/// `$NETNS` is believed where it is true; else `/run/netns` is searched.
///
/// # Errors
/// As [`Namespace::current`] and [`Namespace::name`].
pub fn current_name() -> Result<Option<Name>, Error> {
    let current = Namespace::current()?;
    let told = env::var_os(ENVIRONMENT_VARIABLE).and_then(|name| Name::new(name).ok());
    match told {
        Some(name) if current.is_at(&name.path()) => Ok(Some(name)),
        _ => current.name(),
    }
}
