//! A small map.

/// Pairs in the order of their keys, each key once.
///
/// It is searched by halves, and a new key moves those behind it: right for some hundreds of keys. The tree of the standard
/// library would do as well, but is compiled anew for each pair of types: 2,000 to 5,000 lines each time before they are
/// optimised, where this one has 300.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderedPairs<K, V>(Vec<(K, V)>);

impl<K, V> Default for OrderedPairs<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord, V> OrderedPairs<K, V> {
    fn place(&self, key: &K) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.cmp(key))
    }

    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        let place = self.place(key).ok()?;
        self.0.get(place).map(|(_, value)| value)
    }

    /// Gives a key its value, in the place of the one before.
    pub fn insert(&mut self, key: K, value: V) {
        match self.place(&key) {
            Ok(place) => {
                if let Some(pair) = self.0.get_mut(place) {
                    pair.1 = value;
                }
            }
            Err(place) => self.0.insert(place, (key, value)),
        }
    }

    /// Gives a new key its value; whether it was new.
    pub fn insert_new(&mut self, key: K, value: impl FnOnce() -> V) -> bool {
        let place = self.place(&key);
        if let Err(place) = place {
            self.0.insert(place, (key, value()));
        }
        place.is_err()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All pairs.
    pub fn as_slice(&self) -> &[(K, V)] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_in_their_order_each_once() {
        let mut pairs = OrderedPairs::default();
        for (key, value) in [(3, 'c'), (1, 'a'), (2, 'b'), (1, 'A')] {
            pairs.insert(key, value);
        }
        assert!(!pairs.insert_new(3, || 'C'));
        assert!(pairs.insert_new(0, || 'z'));
        assert_eq!(pairs.as_slice(), [(0, 'z'), (1, 'A'), (2, 'b'), (3, 'c')]);
        assert_eq!((pairs.get(&2), pairs.get(&4)), (Some(&'b'), None));
    }
}
