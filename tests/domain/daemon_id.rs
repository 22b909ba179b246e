//! Daemon ids.

use netclaw::domain::daemon_id::DaemonId;

/// The public key of RFC 8032 section 7.1, test 1.
const KEY: [u8; 32] = [
    0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72,
    0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
];

// Computed with Python: base64.b32encode(hashlib.sha256(key).digest()).decode().lower()[:26]
const ID: &str = "eh7ddx5bksrgcytl7bkai36se4";

#[test]
fn the_id_is_the_hash_of_the_public_key() {
    assert_eq!(DaemonId::of_public_key(&KEY).as_str(), ID);
    assert_eq!(DaemonId::of_public_key(&KEY).to_string(), ID);
    let other: Vec<u8> = (0..32).collect();
    assert_eq!(DaemonId::of_public_key(&other).as_str(), "mmg42klgyqzwneiskrelxms3j7");
}

#[test]
fn an_id_reads_back() {
    assert_eq!(DaemonId::parse(ID), Some(DaemonId::of_public_key(&KEY)));
}

#[test]
fn other_texts_are_no_ids() {
    let longer = format!("{ID}a");
    let (upper, padded, spaced) = (ID.to_uppercase(), format!("{}=", &ID[..25]), format!(" {}", &ID[..25]));
    for text in
        ["", &ID[..25], &longer, &upper, &padded, &spaced, "eh7ddx5bksrgcytl7bkai36se1", "éh7ddx5bksrgcytl7bkai36s"]
    {
        assert_eq!(DaemonId::parse(text), None, "{text:?}");
    }
}
