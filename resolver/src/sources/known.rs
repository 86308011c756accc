//! The addresses of the interfaces, asked for again when there is news of them: glibc has the
//! kernel list them in every lookup.

use std::process;
use std::sync::{Arc, Mutex, PoisonError};

use netns::interfaces::{self, AddressNews};

use crate::order::Interfaces;

/// What is known of them.
#[derive(Debug, Default)]
pub(crate) struct KnownInterfaces(Mutex<Known>);

#[derive(Debug, Default)]
enum Known {
    #[default]
    Nothing,
    /// They have been listed, which is enough for most programs.
    Listed,
    Watched {
        news: AddressNews,
        /// The one that takes the news: the child of a fork has the same socket.
        process: u32,
        interfaces: Option<Arc<Interfaces>>,
    },
}

impl KnownInterfaces {
    /// As they are now. To be called in one namespace only.
    pub(crate) fn get(&self) -> Arc<Interfaces> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Known::Nothing => {
                *known = Known::Listed;
                return listed();
            }
            Known::Watched { process, .. } if *process == process::id() => {}
            Known::Listed | Known::Watched { .. } => {
                *known = match AddressNews::open() {
                    Err(_) => Known::Listed,
                    Ok(news) => Known::Watched {
                        news,
                        process: process::id(),
                        interfaces: None,
                    },
                };
            }
        }
        let Known::Watched {
            news, interfaces, ..
        } = &mut *known
        else {
            return listed();
        };
        if !news.take()
            && let Some(interfaces) = interfaces
        {
            return interfaces.clone();
        }
        *interfaces = list();
        interfaces.clone().unwrap_or_else(unknown)
    }
}

fn listed() -> Arc<Interfaces> {
    list().unwrap_or_else(unknown)
}

/// None if netlink gives no answer.
fn list() -> Option<Arc<Interfaces>> {
    let addresses = interfaces::addresses().ok()?;
    Some(Arc::new(Interfaces::new(addresses)))
}

fn unknown() -> Arc<Interfaces> {
    Arc::new(Interfaces::unknown())
}
