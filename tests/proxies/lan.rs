//! A network of five machines on one switch, for each test its own, so that all tests use the same addresses: those of
//! the files in `deploy`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicU32, Ordering};

use super::namespace::Namespace;
use crate::e2e::raw_http::{Answer, Request};

/// The name that clients know the proxy by.
pub const PUBLIC_NAME: &str = "netclaw.example.com";

/// The name that clients know a service by that the proxy protects.
pub const APP_NAME: &str = "app.example.com";

/// A machine, by the last byte of its IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// Where the daemon runs.
    Daemon = 1,
    /// Where the proxy runs.
    Proxy = 2,
    /// A client.
    Alice = 11,
    /// Another one.
    Bob = 12,
    /// One who lies.
    Mallory = 66,
}

impl Machine {
    pub const ALL: [Self; 5] = [Self::Daemon, Self::Proxy, Self::Alice, Self::Bob, Self::Mallory];

    pub fn v4(self) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(10, 0, 0, self as u8))
    }

    /// The first of its two IPv6 addresses. Every machine has a /64 of its own.
    pub fn v6(self) -> IpAddr {
        self.v6_of_interface(1)
    }

    /// The other one.
    pub fn other_v6(self) -> IpAddr {
        self.v6_of_interface(2)
    }

    fn v6_of_interface(self, interface: u16) -> IpAddr {
        IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, self as u16, 0, 0, 0, interface))
    }
}

/// The machines, joined by a bridge. Packets go nowhere else.
pub struct Lan {
    machines: Vec<(Machine, Namespace)>,
    switch: Namespace,
}

impl Default for Lan {
    fn default() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let hosts =
            format!("127.0.0.1 localhost\n{} {PUBLIC_NAME}\n{} my-server\n", Machine::Proxy.v4(), Machine::Daemon.v4());
        let machines = Machine::ALL.map(|machine| (machine, Namespace::new(&format!("{number}-{machine:?}"), &hosts)));
        let lan = Self { machines: machines.into(), switch: Namespace::new(&format!("{number}-Switch"), "") };
        lan.plug_in();
        lan
    }
}

impl Lan {
    pub fn namespace(&self, machine: Machine) -> &Namespace {
        let (_, namespace) = self.machines.iter().find(|(other, _)| *other == machine).unwrap();
        namespace
    }

    /// Where every packet passes.
    pub const fn switch(&self) -> &Namespace {
        &self.switch
    }

    /// Sends `request` from `machine`.
    pub fn send(&self, machine: Machine, request: &Request) -> Answer {
        self.namespace(machine).run(|| request.send())
    }

    /// Connections that programs on `machine` have accepted so far.
    pub fn accepted_connections(&self, machine: Machine) -> u64 {
        let counters = self.namespace(machine).run(|| std::fs::read_to_string("/proc/thread-self/net/snmp").unwrap());
        let mut tcp = counters.lines().filter(|line| line.starts_with("Tcp:"));
        let (names, values) = (tcp.next().unwrap().split(' '), tcp.next().unwrap().split(' '));
        let (_, opens) = names.zip(values).find(|(name, _)| *name == "PassiveOpens").unwrap();
        opens.parse().unwrap()
    }

    /// Keeps every packet from `machine`, without it noticing, while `work` is done.
    pub fn while_cut_off<T>(&self, machine: Machine, work: impl FnOnce() -> T) -> T {
        let port = |state: &str| {
            let bridge = ["bridge", "link", "set", "dev", &format!("{machine:?}"), "state", state].map(str::to_owned);
            let command = [self.switch.launcher(), bridge.to_vec()].concat();
            let done = std::process::Command::new(&command[0]).args(&command[1..]).status().unwrap();
            assert!(done.success(), "{command:?}");
        };
        port("disabled");
        let done = work();
        port("forwarding");
        done
    }

    fn plug_in(&self) {
        let mut switch = "link add name br0 type bridge forward_delay 0 mcast_snooping 0\nlink set br0 up\n".to_owned();
        for (machine, namespace) in &self.machines {
            let peer = namespace.name();
            switch += &format!("link add name {machine:?} type veth peer name eth0 netns {peer}\n");
            switch += &format!("link set {machine:?} master br0 up\n");
        }
        self.switch.configure(&switch);
        for (machine, namespace) in &self.machines {
            let (v4, v6, other_v6) = (machine.v4(), machine.v6(), machine.other_v6());
            // Without the detection of duplicates, an IPv6 address can be used at once. The other one is used only by those
            // who ask for it.
            namespace.configure(&format!(
                "link set lo up\nlink set eth0 up\naddress add {v4}/24 dev eth0\n\
                 address add {v6}/48 dev eth0 nodad\naddress add {other_v6}/48 dev eth0 nodad preferred_lft 0\n"
            ));
        }
    }
}
