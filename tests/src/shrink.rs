//! The smallest part of a failing case that still fails.

/// Leave items out as long as `fails` says that the rest still fails: halves first, then single
/// ones.
#[must_use]
pub fn shrink<T: Clone>(items: &[T], mut fails: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut items = items.to_vec();
    let mut size = items.len() / 2;
    while size > 0 {
        let mut start = 0;
        while start < items.len() {
            let end = (start + size).min(items.len());
            let rest = [&items[..start], &items[end..]].concat();
            if fails(&rest) {
                items = rest;
            } else {
                start = end;
            }
        }
        size /= 2;
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_matters_is_left() {
        let items: Vec<u32> = (0..100).collect();
        let left = shrink(&items, |items| items.contains(&7) && items.contains(&93));
        assert_eq!(left, [7, 93]);
    }
}
