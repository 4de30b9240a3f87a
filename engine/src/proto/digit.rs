//! What a packet is for, where its first digit says so: in Engine.IO and in Socket.IO.

/// An enum of what packets are for, in the order of their digits from 0, each with the name that its field shows; and
/// `TYPES`, the same as a field's names.
macro_rules! digits {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $title:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        const TYPES: &[(u64, &str)] = &[$(($name::$variant as u64, $title)),*];

        impl $name {
            /// All, in the order of their digits.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// What stands for it on the wire, as a byte.
            pub const fn byte(self) -> u8 {
                b'0' + self as u8
            }

            /// What stands for it on the wire.
            pub fn digit(self) -> char {
                char::from(self.byte())
            }

            /// The type that a digit stands for.
            pub fn of(digit: char) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.digit() == digit)
            }

            /// The type that a value of the field [`TYPE`] stands for.
            pub fn of_value(value: u64) -> Option<Self> {
                Self::ALL.iter().copied().find(|&kind| kind as u64 == value)
            }

            /// Its name, as the field shows it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $title,)*
                }
            }
        }
    };
}
pub(super) use digits;
