//! Maps with one value for each name.

use super::{Extractor, Injector};
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

// The keys are looked through, not looked up: names that differ in case only are one field.

impl<K: AsRef<str>, V: AsRef<[u8]>, S> Extractor for HashMap<K, V, S> {
    fn values(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        for (_, value) in self.iter().filter(|(key, _)| key.as_ref().eq_ignore_ascii_case(name)) {
            each(value.as_ref());
        }
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>> Extractor for BTreeMap<K, V> {
    fn values(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        for (_, value) in self.iter().filter(|(key, _)| key.as_ref().eq_ignore_ascii_case(name)) {
            each(value.as_ref());
        }
    }
}

impl<K, V, S> Injector for HashMap<K, V, S>
where
    K: AsRef<str> + From<&'static str> + Eq + Hash,
    V: From<String>,
    S: BuildHasher,
{
    fn set(&mut self, name: &'static str, value: String) {
        Injector::remove(self, name);
        self.insert(name.into(), value.into());
    }

    fn remove(&mut self, name: &'static str) {
        self.retain(|key, _| !key.as_ref().eq_ignore_ascii_case(name));
    }
}

impl<K, V> Injector for BTreeMap<K, V>
where
    K: AsRef<str> + From<&'static str> + Ord,
    V: From<String>,
{
    fn set(&mut self, name: &'static str, value: String) {
        Injector::remove(self, name);
        self.insert(name.into(), value.into());
    }

    fn remove(&mut self, name: &'static str) {
        self.retain(|key, _| !key.as_ref().eq_ignore_ascii_case(name));
    }
}
