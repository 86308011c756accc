//! The netns-resolve program; everything is in the library of the same name.
#![no_main]

netns::entry_point!(netns_resolve::main);
