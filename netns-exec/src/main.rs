//! The netns-exec program; everything is in the library of the same name.
#![no_main]

netns::entry_point!(netns_exec::main);
