//! A text as a QR code (ISO/IEC 18004) for a terminal: two rows of modules in each line, as half blocks.

use qrcode::{Color, EcLevel, QrCode};

/// Modules of empty space around the code, which scanners need to find it.
const QUIET_ZONE: usize = 4;

/// White on black, whatever the terminal's own colours are: a light module is what is drawn.
const COLOURS: &str = "\x1b[38;5;231;48;5;16m";

const OWN_COLOURS: &str = "\x1b[0m";

/// The lines of the code, or `None` when the text is too long for one. Without colours they are right on a dark terminal.
pub fn lines(text: &str, coloured: bool) -> Option<Vec<String>> {
    // The lowest correction of errors, so that the code stays small: a screen has no scratches.
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let (width, modules) = (code.width(), code.to_colors());
    let is_light = |x: usize, y: usize| {
        let inside = |at: usize| at.checked_sub(QUIET_ZONE).filter(|at| *at < width);
        let module = inside(x).zip(inside(y)).and_then(|(x, y)| modules.get(y * width + x));
        module.is_none_or(|module| *module == Color::Light)
    };
    let side = width + 2 * QUIET_ZONE;
    let line = |y: usize| {
        let drawn = (0..side).map(|x| match (is_light(x, y), is_light(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        });
        let drawn: String = drawn.collect();
        if coloured { format!("{COLOURS}{drawn}{OWN_COLOURS}") } else { drawn }
    };
    Some((0..side).step_by(2).map(line).collect())
}
