//! Whether the private daemon, its sixty containers and the simulated daemon are what the other tests take them for.

mod real_daemon;
