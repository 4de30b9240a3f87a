//! What this program puts into Wireshark, and takes back: a script that Wireshark finds among its capture programs
//! (extcap), a dissector in Lua, and a profile of colours.
//!
//! Each says in its first lines who put it there. A file without that line is a stranger's, and stays as it is.

use super::this_program;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The line by which we know our own files; a comment sign is before it.
const MARK: &str = "osi-tutor wireshark install put this here; osi-tutor wireshark remove takes it back";
/// Engine.IO and Socket.IO for Wireshark.
const DISSECTOR: &str = include_str!("wireshark/osi-tutor.lua");
/// Colours of a profile.
const COLORS: &str = include_str!("wireshark/colorfilters");
/// Where a profile is, below the folder of this user's settings.
const PROFILE: &str = "profiles/osi-tutor";
/// Bytes of a file that are looked at for [`MARK`].
const HEAD: u64 = 256;

/// Where Wireshark looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// For capture programs of this user.
    pub extcap: PathBuf,
    /// For Lua files of this user.
    pub lua: PathBuf,
    /// Of this user's profile with our name.
    pub profile: PathBuf,
    /// tshark said so; otherwise it is where Wireshark 4.2 and newer look.
    pub asked: bool,
}

/// One file of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is, in a few words.
    pub about: &'static str,
    /// Where it belongs.
    pub path: PathBuf,
    text: String,
    /// It is a program.
    runs: bool,
}

/// What is where a part belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// Nothing.
    Absent,
    /// Ours, as this program writes it.
    Ours,
    /// Ours, of another version or another place of the program.
    Old,
    /// Somebody else's.
    Strangers,
}

impl Folders {
    /// Asks tshark, or takes what the system's customs say.
    ///
    /// # Errors
    /// There is no tshark, and nothing says where this user's files are; a sentence.
    pub fn find() -> Result<Self, String> {
        let asked = Command::new("tshark").args(["-G", "folders"]).stdin(Stdio::null()).stderr(Stdio::null()).output();
        let said = asked.ok().map(|done| String::from_utf8_lossy(&done.stdout).into_owned());
        let home = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if let Some(found) = said.as_deref().and_then(Self::read) {
            return Ok(found);
        }
        let (files, own) = if cfg!(windows) {
            (home("APPDATA").map(|data| data.join("Wireshark")), home("APPDATA").map(|data| data.join("Wireshark")))
        } else {
            let own = home("XDG_CONFIG_HOME").or_else(|| Some(home("HOME")?.join(".config")));
            (home("HOME").map(|home| home.join(".local/lib/wireshark")), own.map(|own| own.join("wireshark")))
        };
        let (Some(files), Some(own)) = (files, own) else {
            return Err("tshark isn't on the path, and HOME doesn't say where your files are".into());
        };
        Ok(Self { extcap: files.join("extcap"), lua: files.join("plugins"), profile: own.join(PROFILE), asked: false })
    }

    /// Reads what `tshark -G folders` prints. Before 4.2 it doesn't say where the personal capture programs are: in
    /// `extcap`, beside the preferences.
    fn read(said: &str) -> Option<Self> {
        let rows =
            || said.lines().filter_map(|line| line.split_once(':')).map(|(name, path)| (name.trim(), path.trim()));
        let of = |wanted: &str| {
            rows().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, path)| PathBuf::from(path))
        };
        let own = of("Personal configuration")?;
        let extcap = of("Personal Extcap path").unwrap_or_else(|| own.join("extcap"));
        let lua = of("Personal Lua Plugins").or_else(|| of("Personal Plugins"))?;
        let profile = own.join(PROFILE);
        let known = [&extcap, &lua, &profile].iter().all(|path| path.is_absolute());
        known.then_some(Self { extcap, lua, profile, asked: true })
    }

    /// What belongs there.
    pub fn parts(&self) -> [Part; 3] {
        let (name, script) = if cfg!(windows) {
            ("osi-tutor.bat", format!("@rem {MARK}\r\n@{} extcap %*\r\n", this_program()))
        } else {
            // Wireshark ends a capture with SIGTERM, which the shell would keep from us.
            ("osi-tutor", format!("#!/bin/sh\n# {MARK}\nexec {} extcap \"$@\"\n", this_program()))
        };
        [
            Part { about: "capture interfaces", path: self.extcap.join(name), text: script, runs: true },
            Part {
                about: "Engine.IO and Socket.IO",
                path: self.lua.join("osi-tutor.lua"),
                text: format!("-- {MARK}\n{DISSECTOR}"),
                runs: false,
            },
            Part {
                about: "profile osi-tutor",
                path: self.profile.join("colorfilters"),
                text: format!("# {MARK}\n{COLORS}"),
                runs: false,
            },
        ]
    }
}

impl Part {
    /// What is there now.
    ///
    /// # Errors
    /// It can't be looked at.
    pub fn stand(&self) -> io::Result<Stand> {
        match self.path.symlink_metadata() {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Stand::Absent),
            Err(e) => return Err(e),
            // A link may lead anywhere, and its maker knows why.
            Ok(about) if !about.is_file() => return Ok(Stand::Strangers),
            Ok(_) => {}
        }
        let mut text = Vec::new();
        File::open(&self.path)?.take(self.text.len() as u64 + HEAD).read_to_end(&mut text)?;
        if text == self.text.as_bytes() {
            return Ok(Stand::Ours);
        }
        let head = String::from_utf8_lossy(&text);
        let ours = head
            .lines()
            .take(2)
            .any(|line| line.trim_start_matches(['#', '-', '@', ' ']).trim_start_matches("rem ") == MARK);
        Ok(if ours { Stand::Old } else { Stand::Strangers })
    }

    /// Puts it there, unless a stranger's file is; gives what was there before.
    ///
    /// # Errors
    /// It can't be written.
    pub fn install(&self) -> io::Result<Stand> {
        let before = self.stand()?;
        match before {
            Stand::Ours | Stand::Strangers => return Ok(before),
            Stand::Old => fs::remove_file(&self.path)?,
            Stand::Absent => fs::create_dir_all(self.path.parent().unwrap_or(Path::new(".")))?,
        }
        // What somebody else made in the meantime stays.
        let mut file = File::create_new(&self.path)?;
        file.write_all(self.text.as_bytes())?;
        #[cfg(unix)]
        if self.runs {
            use std::os::unix::fs::PermissionsExt as _;
            file.set_permissions(fs::Permissions::from_mode(0o755))?;
        }
        Ok(before)
    }

    /// Takes it back, if it is ours; gives what was there before.
    ///
    /// # Errors
    /// It can't be removed.
    pub fn remove(&self) -> io::Result<Stand> {
        let before = self.stand()?;
        if matches!(before, Stand::Ours | Stand::Old) {
            fs::remove_file(&self.path)?;
            // A profile is its folder; where Wireshark keeps something of the user's in it, it stays.
            if self.path.parent().is_some_and(|folder| folder.ends_with(PROFILE)) {
                let _ = self.path.parent().map(fs::remove_dir);
            }
        }
        Ok(before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that is gone when the test is over.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("osi-tutor-wireshark-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn parts(&self) -> [Part; 3] {
            let [extcap, lua, profile] = ["a/extcap", "b", PROFILE].map(|place| self.0.join(place));
            Folders { extcap, lua, profile, asked: true }.parts()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn what_is_put_there_is_taken_back_and_an_older_one_renewed() {
        let folder = Folder::new("own");
        for part in folder.parts() {
            assert_eq!(part.install().unwrap(), Stand::Absent);
            assert_eq!(part.install().unwrap(), Stand::Ours);
            let older = fs::read_to_string(&part.path).unwrap().lines().take(2).collect::<Vec<_>>().join("\n");
            fs::write(&part.path, older).unwrap();
            assert_eq!(part.install().unwrap(), Stand::Old);
            assert_eq!(part.remove().unwrap(), Stand::Ours);
            assert_eq!(part.remove().unwrap(), Stand::Absent);
        }
        assert!(!folder.0.join(PROFILE).exists(), "an empty profile would be offered");
    }

    #[test]
    fn a_strangers_file_stays_as_it_is() {
        let folder = Folder::new("strange");
        for part in folder.parts() {
            fs::create_dir_all(part.path.parent().unwrap()).unwrap();
            for text in ["", "#!/bin/sh\nexec other\n", &format!("\n\n# {MARK}\n")] {
                fs::write(&part.path, text).unwrap();
                assert_eq!(part.install().unwrap(), Stand::Strangers);
                assert_eq!(part.remove().unwrap(), Stand::Strangers);
                assert_eq!(fs::read_to_string(&part.path).unwrap(), text);
            }
        }
    }

    #[test]
    fn old_and_new_wiresharks_say_where_they_look() {
        let old = "Temp:\t/tmp\nPersonal configuration:\t/home/ada/.config/wireshark\nPersonal Lua Plugins:\t/home/ada/.local/lib/wireshark/plugins\nExtcap path:\t/usr/lib/extcap\n";
        let found = Folders::read(old).unwrap();
        assert_eq!(found.extcap, Path::new("/home/ada/.config/wireshark/extcap"));
        assert_eq!(found.lua, Path::new("/home/ada/.local/lib/wireshark/plugins"));
        assert_eq!(found.profile, Path::new("/home/ada/.config/wireshark/profiles/osi-tutor"));
        let new = old.to_owned() + "Personal Extcap path:\t/home/ada/.local/lib/wireshark/extcap\n";
        assert_eq!(Folders::read(&new).unwrap().extcap, Path::new("/home/ada/.local/lib/wireshark/extcap"));
        assert_eq!(Folders::read("tshark: no such report\n"), None);
    }

    /// Behind and of the text, from 0 to 1.
    type Colors = [[f64; 3]; 2];

    fn colors() -> Vec<(String, Colors)> {
        let part = |text: &str| {
            let mut numbers = text.split(',').map(|number| number.parse::<f64>().unwrap() / 65535.0);
            std::array::from_fn(|_| numbers.next().unwrap())
        };
        let rules = COLORS.lines().filter(|line| line.starts_with('@'));
        rules
            .map(|rule| {
                let (rule, text) = rule.strip_suffix(']').unwrap().rsplit_once("][").unwrap();
                let (rule, behind) = rule.rsplit_once("@[").unwrap();
                (rule.to_owned(), [part(behind), part(text)])
            })
            .collect()
    }

    /// As light is added: the inverse of sRGB's curve (IEC 61966-2-1).
    fn light(color: [f64; 3]) -> [f64; 3] {
        color.map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) })
    }

    fn times(matrix: [[f64; 3]; 3], color: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row.iter().zip(color).map(|(a, b)| a * b).sum::<f64>().clamp(0.0, 1.0))
    }

    /// How far apart two lights look, in CIE 1976's units: 2.3 can just be told apart.
    fn apart(a: [f64; 3], b: [f64; 3]) -> f64 {
        let lab = |color| {
            let xyz = times([[0.4339, 0.3762, 0.1899], [0.2126, 0.7152, 0.0722], [0.0177, 0.1095, 0.8728]], color);
            let [x, y, z] = xyz.map(|t| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 });
            [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
        };
        lab(a).iter().zip(lab(b)).map(|(a, b): (&f64, f64)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn the_colours_stay_apart_for_those_who_lack_one_and_text_can_be_read() {
        // Machado, Oliveira, Fernandes 2009, table 1, severity 1: no red, no green, no blue.
        let eyes = [
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
            [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
            [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        ];
        let rules = colors();
        assert_eq!(rules.len(), 12);
        for (at, (rule, [behind, text])) in rules.iter().enumerate() {
            let bright = |color| times([[0.2126, 0.7152, 0.0722]; 3], light(color))[0] + 0.05;
            let contrast = bright(*behind) / bright(*text);
            assert!(contrast.max(1.0 / contrast) >= 4.5, "{rule}: {contrast}, WCAG 2.2, 1.4.3");
            for (other, [beside, _]) in &rules[..at] {
                for eye in eyes {
                    let far = apart(times(eye, light(*behind)), times(eye, light(*beside)));
                    assert!(far > 12.0, "{rule} and {other}: {far}");
                }
            }
        }
    }
}
