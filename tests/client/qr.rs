//! QR codes, read back from what is drawn.

use netclaw::adapters::terminal::render::qr::lines;
use rqrr::PreparedImage;

/// Pixels of a module: scanners want some.
const SCALE: usize = 4;

/// What a scanner reads from lines of half blocks, of which the drawn ones are light.
pub fn scanned(lines: &[&str]) -> String {
    let rows: Vec<Vec<bool>> = lines.iter().flat_map(|line| [half(line, '▀'), half(line, '▄')]).collect();
    let (width, height) = (rows[0].len(), rows.len());
    let light = |x: usize, y: usize| rows[y / SCALE][x / SCALE];
    let mut image = PreparedImage::prepare_from_greyscale(width * SCALE, height * SCALE, |x, y| match light(x, y) {
        true => 255,
        false => 0,
    });
    let found = image.detect_grids();
    assert_eq!(found.len(), 1);
    found[0].decode().unwrap().1
}

/// Where a row of modules is light: `own` is the block of this half.
fn half(line: &str, own: char) -> Vec<bool> {
    assert!(line.chars().all(|c| " █▀▄".contains(c)), "{line:?}");
    line.chars().map(|c| c == '█' || c == own).collect()
}

const LINK: &str =
    "netclaw://192.168.1.20:5199/?c=aaaqeayeaudaocajbifqydiob4#p=a5udsnbzhe3tomrqgy2ton3fovuwg4ttmfwwqzlmnrxwoylo";

#[test]
fn every_length_of_text_is_read_back() {
    for text in [LINK, "netclaw://h", &(LINK.to_owned() + &"a".repeat(300))] {
        let drawn = lines(text, false).unwrap();
        assert_eq!(scanned(&drawn.iter().map(String::as_str).collect::<Vec<_>>()), text);
    }
}

#[test]
fn four_light_modules_are_left_around_it() {
    let drawn = lines(LINK, false).unwrap();
    let rows: Vec<Vec<bool>> = drawn.iter().flat_map(|line| [half(line, '▀'), half(line, '▄')]).collect();
    let width = rows[0].len();
    assert!(rows.iter().all(|row| row.len() == width && row[..4].iter().chain(&row[width - 4..]).all(|light| *light)));
    assert!(rows[..4].iter().chain(&rows[rows.len() - 4..]).flatten().all(|light| *light));
    assert!(width <= 57 && drawn.len() <= 29, "{width} × {}", drawn.len());
}

#[test]
fn colours_are_the_codes_own_in_every_line() {
    for (line, plain) in lines(LINK, true).unwrap().iter().zip(lines(LINK, false).unwrap()) {
        assert_eq!(*line, format!("\u{1b}[38;5;231;48;5;16m{plain}\u{1b}[0m"));
    }
}

#[test]
fn a_text_that_is_too_long_is_not_drawn() {
    assert!(lines(&"a".repeat(3_000), false).is_none());
}

#[test]
fn colours_are_shown_as_everywhere() {
    use netclaw::adapters::platform::colours::are_wanted_by;
    for (no_color, force, on_terminal, elsewhere) in [
        (None, None, true, false),
        (Some(""), Some(""), true, false),
        (None, Some("0"), true, false),
        (None, Some("1"), true, true),
        (Some("1"), None, false, false),
        (Some("0"), Some("1"), false, false),
    ] {
        let variable = |name: &str| if name == "NO_COLOR" { no_color } else { force }.map(Into::into);
        let wanted = (are_wanted_by(variable, true), are_wanted_by(variable, false));
        assert_eq!(wanted, (on_terminal, elsewhere), "{no_color:?} {force:?}");
    }
}
