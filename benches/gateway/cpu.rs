//! Which core a process runs on, and for how long it has run.

use std::fs;
use std::time::Duration;

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_setaffinity};

/// The core of the servers.
pub const SERVERS: usize = 0;

/// The core of the clients, and of what is behind the servers.
pub const CLIENTS: usize = 1;

/// Keeps this process, and those that it starts from now on, on one core.
pub fn pin_this_process(core: usize) {
    pin(None, core);
}

/// Keeps a process that has one thread yet, and its later threads, on one core.
pub fn pin(process: Option<Pid>, core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(process, &set).expect("two cores");
}

/// For how long the threads of a process have run, as the scheduler counts it.
pub fn time_of(process: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("a running process");
    let nanoseconds = |thread: fs::DirEntry| {
        let ran = fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
        ran.split(' ').next().and_then(|first| first.parse::<u64>().ok()).unwrap_or(0)
    };
    Duration::from_nanos(threads.flatten().map(nanoseconds).sum())
}

/// The part of a process's time that it spent in the kernel, as the clock's ticks found it.
pub fn kernel_share(process: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("a running process");
    // Behind the name, which may hold anything, user time is the 12th field and system time the 13th (proc(5)).
    let (_, fields) = stat.rsplit_once(')').expect("a name");
    let ticks: Vec<f64> = fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse().ok()).collect();
    ticks[1] / (ticks[0] + ticks[1])
}

/// The resident memory of a process, in bytes.
pub fn memory_of(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("a running process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}
