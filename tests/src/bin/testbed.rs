//! The parts of the test bed that run in processes of their own.

use std::process::ExitCode;

fn main() -> ExitCode {
    testbed::helper::main()
}
