//! Which project this is, and where its traces are.

use crate::settings::Settings;
use anyhow::Context as _;
use std::env;
use std::path::{Path, PathBuf};

/// A project: a folder whose programs are traced together. Each has a store of its own, so that two
/// projects on a machine never mix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// The project's top folder.
    pub root: PathBuf,
    /// The file with the project's traces.
    pub store: PathBuf,
}

impl Project {
    /// The project of the current folder: the nearest folder, from it upwards, that has a `prela.toml` or is
    /// under version control, or else the folder itself. `store` names another file for its traces.
    ///
    /// # Errors
    ///
    /// There is no current folder, or no place for this user's data.
    pub fn here(store: Option<&Path>) -> anyhow::Result<Self> {
        let here = env::current_dir().context("there is no current folder")?;
        let root = root_of(&here);
        let store = match store {
            Some(store) => std::path::absolute(store).context("--store is empty")?,
            None => {
                let data = data_folder().context(
                    "there is no place for data: HOME is not set; name a file with --store",
                )?;
                data.join("prela").join(folder_name(&root)).join("prela.db")
            }
        };
        Ok(Self { root, store })
    }

    /// The project's name for people: that of its folder.
    pub fn name(&self) -> String {
        let name = self.root.file_name().unwrap_or(self.root.as_os_str());
        name.to_string_lossy().into_owned()
    }
}

fn root_of(here: &Path) -> PathBuf {
    let roots = here.ancestors().find(|folder| MARKS.iter().any(|mark| folder.join(mark).exists()));
    roots.unwrap_or(here).to_owned()
}

/// What marks the top of a project.
const MARKS: [&str; 4] = [Settings::FILE, ".git", ".jj", ".hg"];

/// The folder's name for people, and a number that distinguishes it from others of that name.
fn folder_name(root: &Path) -> String {
    let name = root.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' })
        .collect();
    // FNV-1a, which stays the same in every version, since files are named by it.
    let hash =
        root.as_os_str().as_encoded_bytes().iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{name}-{:08x}", hash >> 32)
}

/// Where the system keeps the data of a user's programs.
fn data_folder() -> Option<PathBuf> {
    let folder =
        |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = folder("XDG_DATA_HOME");
    if cfg!(windows) {
        data.or_else(|| folder("LOCALAPPDATA"))
    } else if cfg!(target_os = "macos") {
        data.or_else(|| Some(folder("HOME")?.join("Library/Application Support")))
    } else {
        data.or_else(|| Some(folder("HOME")?.join(".local/share")))
    }
}
