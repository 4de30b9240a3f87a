//! What this program puts into Wireshark, and takes back: a script that Wireshark finds among its capture programs
//! (extcap), and a dissector in Lua.
//!
//! Both say in their first lines who put them there. A file without that line is a stranger's, and stays as it is.

use super::this_program;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The line by which we know our own files; a comment sign is before it.
const MARK: &str = "osi-tutor wireshark install put this here; osi-tutor wireshark remove takes it back";
/// Engine.IO and Socket.IO for Wireshark.
const DISSECTOR: &str = include_str!("wireshark/osi-tutor.lua");
/// Bytes of a file that are looked at for [`MARK`].
const HEAD: u64 = 256;

/// Where Wireshark looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// For capture programs of this user.
    pub extcap: PathBuf,
    /// For Lua files of this user.
    pub lua: PathBuf,
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
        let base = if cfg!(windows) {
            home("APPDATA").map(|data| data.join("Wireshark"))
        } else {
            home("HOME").map(|home| home.join(".local/lib/wireshark"))
        };
        let base = base.ok_or("tshark isn't on the path, and HOME doesn't say where your files are")?;
        Ok(Self { extcap: base.join("extcap"), lua: base.join("plugins"), asked: false })
    }

    /// Reads what `tshark -G folders` prints. Before 4.2 it doesn't say where the personal capture programs are: in
    /// `extcap`, beside the preferences.
    fn read(said: &str) -> Option<Self> {
        let rows =
            || said.lines().filter_map(|line| line.split_once(':')).map(|(name, path)| (name.trim(), path.trim()));
        let of = |wanted: &str| {
            rows().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, path)| PathBuf::from(path))
        };
        let extcap = of("Personal Extcap path").or_else(|| Some(of("Personal configuration")?.join("extcap")))?;
        let lua = of("Personal Lua Plugins").or_else(|| of("Personal Plugins"))?;
        (extcap.is_absolute() && lua.is_absolute()).then_some(Self { extcap, lua, asked: true })
    }

    /// What belongs there.
    pub fn parts(&self) -> [Part; 2] {
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

        fn parts(&self) -> [Part; 2] {
            Folders { extcap: self.0.join("a/extcap"), lua: self.0.join("b"), asked: true }.parts()
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
        let new = old.to_owned() + "Personal Extcap path:\t/home/ada/.local/lib/wireshark/extcap\n";
        assert_eq!(Folders::read(&new).unwrap().extcap, Path::new("/home/ada/.local/lib/wireshark/extcap"));
        assert_eq!(Folders::read("tshark: no such report\n"), None);
    }
}
