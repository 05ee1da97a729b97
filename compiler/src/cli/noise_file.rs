//! The noise of a host, as `bggo calibrate` writes it and `bggo compare --baseline` reads it: a small file of JSON.

use super::console::Console;
use super::exit::Exit;
use bggo_metrics::compare::{FigureNoise, Measure, Noise};
use bggo_values::Text;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

/// The version of the file.
const FORMAT: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
struct NoiseFile {
    bggo_noise: u32,
    runs: u32,
    loads: Vec<Load>,
    figures: Vec<Figure>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Load {
    scenario: String,
    load: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Figure {
    row: String,
    figure: String,
    deviation: f64,
}

/// Tells before hours of runs that the folder of the file is not there.
pub fn check_folder(path: &Path, console: &mut Console) -> Result<(), Exit> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if path.is_dir() || !folder.is_none_or(Path::is_dir) {
        let text = format!("cannot write `{}`", path.display());
        console.fault(
            &text,
            "its folder must be there, and it must be no folder itself",
        );
        return Err(Exit::Usage);
    }
    Ok(())
}

/// Writes the noise of a host.
pub fn write(path: &Path, noise: &Noise, console: &mut Console) -> Result<(), Exit> {
    let loads = noise.loads.iter().map(|(scenario, load)| Load {
        scenario: scenario.to_string(),
        load: load.to_string(),
    });
    let figures = noise.figures.iter().map(|figure| Figure {
        row: figure.row.clone(),
        figure: figure.measure.to_string(),
        deviation: figure.deviation,
    });
    let file = NoiseFile {
        bggo_noise: FORMAT,
        runs: noise.runs,
        loads: loads.collect(),
        figures: figures.collect(),
    };
    let written = serde_json::to_string_pretty(&file)
        .map_err(std::io::Error::from)
        .and_then(|text| fs::write(path, text + "\n"));
    written.map_err(|error| {
        console.fault(&format!("cannot write `{}`: {error}", path.display()), "");
        Exit::Failed
    })
}

/// Reads the noise of a host.
pub fn read(path: &Path, console: &mut Console) -> Result<Noise, Exit> {
    let mut wrong = |text: String| {
        console.fault(
            &format!("cannot read `{}`: {text}", path.display()),
            "`bggo calibrate PROGRAM --baseline FILE` writes it",
        );
        Exit::Unreadable
    };
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let file: NoiseFile =
        serde_json::from_str(&text).map_err(|_| wrong("it holds no noise of a host".to_owned()))?;
    let is_sound = |figure: &Figure| figure.deviation.is_finite() && figure.deviation >= 0.0;
    if file.bggo_noise != FORMAT || file.runs < 2 || !file.figures.iter().all(is_sound) {
        return Err(wrong(
            "it holds no noise of a host that this bggo knows".to_owned(),
        ));
    }
    let loads = file.loads.iter();
    let loads = loads.map(|load| {
        (
            Text::from(load.scenario.as_str()),
            Text::from(load.load.as_str()),
        )
    });
    let figures = file.figures.iter().filter_map(|figure| {
        Some(FigureNoise {
            row: figure.row.clone(),
            measure: Measure::parse(&figure.figure)?,
            deviation: figure.deviation,
        })
    });
    Ok(Noise {
        runs: file.runs,
        loads: loads.collect(),
        figures: figures.collect(),
    })
}
