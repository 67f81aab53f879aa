use super::*;
use proptest::prelude::*;

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("wasi-cuda-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        Self(folder)
    }

    fn cache(&self, bytes: u64) -> Cache {
        let folder = self.0.clone();
        Cache::open(&CodeCache { folder, bytes }).unwrap()
    }

    fn only_file(&self) -> PathBuf {
        let mut files = fs::read_dir(&self.0).unwrap();
        let file = files.next().unwrap().unwrap().path();
        assert!(files.next().is_none(), "more than one file");
        file
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_is_kept_is_found_by_another_process() {
    let folder = Folder::new("kept");
    let key = Key::of(&["sm_90", "text"]);
    folder.cache(1 << 20).keep(&key, b"code").unwrap();
    let other = folder.cache(1 << 20);
    assert_eq!(other.find(&key).unwrap(), b"code");
    assert!(other.find(&Key::of(&["sm_90t", "ext"])).is_none());
}

#[test]
fn the_oldest_goes_when_there_is_too_much() {
    let folder = Folder::new("bounded");
    let cache = folder.cache(1000);
    let keys = ["a", "b", "c"].map(|name| Key::of(&[name]));
    let begin = SystemTime::now() - std::time::Duration::from_secs(60);
    for (index, key) in keys.iter().enumerate() {
        cache.keep(key, &[7; 300]).unwrap();
        let file = File::options()
            .write(true)
            .open(folder.0.join(key.file_name()));
        let at = begin + std::time::Duration::from_secs(index as u64);
        if index < 2 {
            file.unwrap().set_modified(at).unwrap();
        }
        if index == 1 {
            // Used again: now it is the second that goes.
            assert!(cache.find(&keys[0]).is_some());
        }
    }
    let held = keys.map(|key| cache.find(&key).is_some());
    assert_eq!(held, [true, false, true]);
    assert!(cache.keep(&Key::of(&["large"]), &[7; 1000]).is_ok());
    assert!(
        cache.find(&Key::of(&["large"])).is_none(),
        "it is more than the whole"
    );
}

#[test]
fn a_folder_that_others_may_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new("public");
    fs::create_dir(&folder.0).unwrap();
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o777)).unwrap();
    let options = CodeCache {
        folder: folder.0.clone(),
        bytes: 1,
    };
    let error = Cache::open(&options).err().unwrap().to_string();
    assert!(error.contains("chmod go-w"), "{error}");
    let file = folder.0.join("file");
    fs::write(&file, "").unwrap();
    let options = CodeCache {
        folder: file,
        bytes: 1,
    };
    assert!(Cache::open(&options).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn damage_anywhere_is_noticed(code in prop::collection::vec(any::<u8>(), 1..64), place: prop::sample::Index, change in 1u8.., cut: bool) {
        let folder = Folder::new("damaged");
        let cache = folder.cache(1 << 20);
        let key = Key::of(&["text"]);
        cache.keep(&key, &code).unwrap();
        let path = folder.only_file();
        let mut bytes = fs::read(&path).unwrap();
        let at = place.index(bytes.len());
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] ^= change;
        }
        fs::write(&path, bytes).unwrap();
        prop_assert_eq!(cache.find(&key), None);
        prop_assert!(!path.exists(), "it is removed, to be made again");
    }
}
