//! Pictures to encode, and decoders of the encoded bytes that share no code with the encoders.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ratatui::{
    buffer::{Buffer, Cell},
    layout::{Position, Rect, Size},
    style::Color,
};
use thumbview::{
    picture::{
        BlockGrid, CellSize, ColourDepth, Excerpt, Fit, Multiplexer, Picture, PixelSize, Prepared, Protocol, Quality,
        Symbols, fit,
    },
    terminal::write_cells,
};

pub(crate) fn picture(width: u32, height: u32, rgb: Vec<u8>) -> Picture {
    Picture::of_rgb(PixelSize { width, height }, rgb)
}

/// Draws a scene like a photo: a sky, hills with texture, hard edges, sensor noise.
pub(crate) fn photo(width: u32, height: u32) -> Picture {
    let mut rgb = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let (u, v) = (x as f32 / width as f32, y as f32 / height as f32);
            let ridge = 0.45 + 0.12 * waves(u * 7.0, 3.0) + 0.03 * waves(u * 31.0, 9.0);
            let texture = waves(u * 53.0, v * 41.0) * 30.0 + waves(u * 311.0, v * 177.0) * 26.0;
            let grain = (hash(x, y) - 0.5) * 9.0;
            let sun = (1.0 - ((u - 0.7).powi(2) + (v * 0.6 - 0.12).powi(2)) * 14.0).max(0.0) * 90.0;
            let base = if v < ridge {
                [95.0 + 70.0 * v + sun, 140.0 + 60.0 * v + sun * 0.8, 205.0 - 40.0 * v + sun * 0.3]
            } else {
                let near = (v - ridge) * 1.6;
                let light = texture * (0.3 + near);
                [70.0 + 90.0 * near + light, 92.0 + 50.0 * near + light, 48.0 + 30.0 * near + light * 0.6]
            };
            let house = (0.22..0.34).contains(&u) && (0.5..0.72).contains(&v);
            let base = if house { [186.0 + texture * 0.4, 70.0, 52.0] } else { base };
            rgb.extend(base.map(|part| (part + grain).clamp(0.0, 255.0) as u8));
        }
    }
    picture(width, height, rgb)
}

/// Draws dense leaves, sharp down to the pixel: about the most detail that a photo can have.
pub(crate) fn thicket(width: u32, height: u32) -> Picture {
    let mut rgb = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let (u, v) = (x as f32 / width as f32, y as f32 / width as f32);
            let leaves = waves(u * 211.0, v * 193.0) * 34.0 + waves(u * 67.0 + 9.0, v * 71.0) * 42.0;
            let fine = waves(u * 521.0, v * 487.0) * 18.0 + (hash(x, y) - 0.5) * 10.0;
            let light = 96.0 + 40.0 * waves(u * 5.0, v * 5.0) + leaves + fine;
            let tint = waves(u * 13.0 + 4.0, v * 11.0) * 14.0;
            rgb.extend([light * 0.8 + tint, light, light * 0.45 - tint].map(|part| part.clamp(0.0, 255.0) as u8));
        }
    }
    picture(width, height, rgb)
}

/// Draws noise, which compresses worst.
pub(crate) fn noise(width: u32, height: u32) -> Picture {
    let rgb = (0..height).flat_map(|y| (0..width * 3).map(move |x| (hash(x, y) * 255.0) as u8)).collect();
    picture(width, height, rgb)
}

pub(crate) fn with_jpeg(mut picture: Picture) -> Picture {
    let mut jpeg = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 90);
    let (width, height) = (picture.size.width, picture.size.height);
    image::ImageEncoder::write_image(encoder, picture.rgb(), width, height, image::ExtendedColorType::Rgb8).unwrap();
    picture.jpeg = jpeg.into();
    picture
}

/// Returns the fit for an 80-column pane.
pub(crate) fn fit_for(picture: &Picture, protocol: Protocol, quality: Quality) -> Fit {
    let cell = CellSize::default();
    Fit {
        excerpt: Excerpt::Whole,
        cells: fit(picture.size, Size::new(80, 24), cell),
        cell,
        protocol,
        symbols: Symbols::default(),
        colours: ColourDepth::True,
        quality,
        target_bytes: u32::MAX,
        multiplexer: Multiplexer::None,
    }
}

pub(crate) fn pane_size(fit: Fit) -> PixelSize {
    fit.cell.pixels(fit.cells)
}

/// Decodes what a terminal would show, before it scales.
pub(crate) fn decode(prepared: &Prepared, protocol: Protocol) -> Picture {
    match (prepared, protocol) {
        (Prepared::Blocks(grid), _) => cells(grid),
        (Prepared::Bytes { bytes, .. }, Protocol::Kitty) => png(&STANDARD.decode(bytes).unwrap()),
        (Prepared::Bytes { bytes, .. }, Protocol::Iterm2) => {
            let image = image::load_from_memory(&payload(bytes)).unwrap().into_rgb8();
            picture(image.width(), image.height(), image.into_raw())
        }
        (Prepared::Bytes { bytes, .. }, _) => sixel(std::str::from_utf8(bytes).unwrap()),
    }
}

/// Returns the file in a sequence of iTerm2.
pub(crate) fn payload(bytes: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).unwrap();
    STANDARD.decode(text.split(':').nth(1).unwrap().trim_end_matches('\x07')).unwrap()
}

fn png(file: &[u8]) -> Picture {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rgb).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgb);
    picture(info.width, info.height, rgb)
}

fn sixel(text: &str) -> Picture {
    let body = text.strip_prefix("\x1bP0;1;0q").unwrap().strip_suffix("\x1b\\").unwrap();
    let mut rest = body.chars().peekable();
    let numbers = |rest: &mut std::iter::Peekable<std::str::Chars<'_>>| {
        let digits = |c: &char| c.is_ascii_digit() || *c == ';';
        let text: String = std::iter::from_fn(|| rest.next_if(digits)).collect();
        text.split(';').map(|number| number.parse::<usize>().unwrap()).collect::<Vec<_>>()
    };
    let (mut x, mut y, mut run, mut colour) = (0, 0, 1, [0; 3]);
    let (mut width, mut rgb, mut palette) = (0, Vec::new(), vec![[0_u8; 3]; 256]);
    while let Some(c) = rest.next() {
        match c {
            '"' => {
                let size = numbers(&mut rest);
                width = size[2];
                rgb = vec![None; width * size[3]];
            }
            '#' => match numbers(&mut rest)[..] {
                [number, 2, ref parts @ ..] => {
                    palette[number] = [0, 1, 2].map(|at| ((parts[at] * 255 + 50) / 100) as u8);
                }
                [number] => colour = palette[number],
                ref other => panic!("{other:?}"),
            },
            '!' => run = numbers(&mut rest)[0],
            '$' => x = 0,
            '-' => (x, y) = (0, y + 6),
            '?'..='~' => {
                for x in x..x + run {
                    for bit in (0..6).filter(|bit| (c as usize - 63) >> bit & 1 == 1) {
                        rgb[(y + bit) * width + x] = Some(colour);
                    }
                }
                x += run;
                run = 1;
            }
            other => panic!("{other:?}"),
        }
    }
    let pixels: Vec<u8> = rgb.iter().flat_map(|pixel| pixel.expect("every pixel is drawn")).collect();
    picture(width as u32, (rgb.len() / width) as u32, pixels)
}

/// The pixels in a cell as it is decoded: multiples of the columns and rows of all block characters.
const CELL: (usize, usize) = (4, 24);

fn cells(grid: &BlockGrid) -> Picture {
    let (columns, rows) = (usize::from(grid.size.width), usize::from(grid.size.height));
    let mut rgb = Vec::new();
    for y in 0..rows * CELL.1 {
        for x in 0..columns * CELL.0 {
            let block = grid.cells[y / CELL.1 * columns + x / CELL.0];
            rgb.extend(if covers(block.glyph, x % CELL.0, y % CELL.1) { block.foreground } else { block.background });
        }
    }
    picture((columns * CELL.0) as u32, (rows * CELL.1) as u32, rgb)
}

/// Returns true if a block character covers that pixel of a cell, by the names of its parts in Unicode.
fn covers(glyph: char, x: usize, y: usize) -> bool {
    let part = |rows: usize| 1 << (y / (CELL.1 / rows) * 2 + x / (CELL.0 / 2));
    let quadrants = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█";
    if let Some(mask) = quadrants.chars().position(|quadrant| quadrant == glyph) {
        return mask & part(2) != 0;
    }
    match glyph as usize {
        code @ 0x2581..=0x2587 => y >= CELL.1 - (code - 0x2580) * CELL.1 / 8,
        code @ 0x2589..=0x258f => x < (0x2590 - code) * CELL.0 / 8,
        code @ 0x1fb00..=0x1fb3b => {
            let mut sextants = (1..63).filter(|mask| ![0b01_01_01, 0b10_10_10].contains(mask));
            sextants.nth(code - 0x1fb00).unwrap() & part(3) != 0
        }
        code @ 0x1cd00..=0x1cde5 => {
            let is_elsewhere = |mask: usize| {
                let rows = [mask & 0b11, mask >> 2 & 0b11, mask >> 4 & 0b11, mask >> 6];
                let is_quadrants = rows[0] == rows[1] && rows[2] == rows[3];
                is_quadrants || [1, 2, 3, 20, 40, 63, 64, 128, 192, 252].contains(&mask)
            };
            (0..256).filter(|mask| !is_elsewhere(*mask)).nth(code - 0x1cd00).unwrap() & part(4) != 0
        }
        other => panic!("U+{other:X}"),
    }
}

/// Returns the number of bytes that the screen writes for the cells.
pub(crate) fn bytes_of_cells(grid: &BlockGrid) -> usize {
    let cell = |block: &thumbview::picture::BlockCell| {
        let mut cell = Cell::default();
        let colour = |[r, g, b]: [u8; 3]| Color::Rgb(r, g, b);
        cell.set_char(block.glyph).set_fg(colour(block.foreground)).set_bg(colour(block.background));
        cell
    };
    let blank = Buffer::empty(Rect::from((Position::ORIGIN, grid.size)));
    let drawn = Buffer { content: grid.cells.iter().map(cell).collect(), ..blank.clone() };
    let mut out = Vec::new();
    write_cells(&blank, &drawn, &mut out);
    out.len()
}

/// Scales with another library than the encoders use.
pub(crate) fn scaled(picture: &Picture, size: PixelSize) -> Vec<u8> {
    if picture.size == size {
        return picture.rgb().to_vec();
    }
    let image = image::RgbImage::from_raw(picture.size.width, picture.size.height, picture.rgb().to_vec()).unwrap();
    let filter = if size.width > picture.size.width {
        image::imageops::FilterType::Triangle
    } else {
        image::imageops::FilterType::CatmullRom
    };
    image::imageops::resize(&image, size.width, size.height, filter).into_raw()
}

/// Returns the PSNR in decibels.
pub(crate) fn psnr(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    let squares: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum();
    10.0 * (255.0 * 255.0 * a.len() as f64 / squares.max(1.0)).log10()
}

fn hash(x: u32, y: u32) -> f32 {
    let mut n = x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77);
    n = (n ^ n >> 15).wrapping_mul(0x2c1b_3c6d);
    (n ^ n >> 12) as f32 / u32::MAX as f32
}

/// Returns smooth noise, -1 to 1.
fn waves(x: f32, y: f32) -> f32 {
    let (x0, y0) = (x.floor(), y.floor());
    let at = |dx: f32, dy: f32| hash((x0 + dx) as u32, (y0 + dy) as u32) * 2.0 - 1.0;
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let (u, v) = (ease(x - x0), ease(y - y0));
    let (top, bottom) = (at(0.0, 0.0) * (1.0 - u) + at(1.0, 0.0) * u, at(0.0, 1.0) * (1.0 - u) + at(1.0, 1.0) * u);
    top * (1.0 - v) + bottom * v
}
