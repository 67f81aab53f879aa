//! The words that follow an instruction's name.

macro_rules! modifiers {
    ($($name:ident = $text:literal,)*) => {
        /// A modifier, such as `.rn` or `.global`; named as PTX spells it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the PTX ISA documents each under its name")]
        pub enum Modifier { $($name,)* }

        impl Modifier {
            /// The modifier that PTX spells so, without the dot.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)* _ => None }
            }

            /// As PTX spells it, without the dot.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

modifiers! {
    Approx = "approx", Full = "full",
    Rn = "rn", Rz = "rz", Rm = "rm", Rp = "rp",
    Rni = "rni", Rzi = "rzi", Rmi = "rmi", Rpi = "rpi",
    Ftz = "ftz", Sat = "sat", NaN = "NaN",
    Lo = "lo", Hi = "hi", Wide = "wide",
    Eq = "eq", Ne = "ne", Lt = "lt", Le = "le", Gt = "gt", Ge = "ge",
    Ls = "ls", Hs = "hs",
    Equ = "equ", Neu = "neu", Ltu = "ltu", Leu = "leu", Gtu = "gtu", Geu = "geu",
    Num = "num", Nan = "nan",
    And = "and", Or = "or", Xor = "xor",
    To = "to", Global = "global", Param = "param",
    Weak = "weak", Volatile = "volatile",
    Ca = "ca", Cg = "cg", Cs = "cs", Lu = "lu", Cv = "cv", Wb = "wb", Wt = "wt", Nc = "nc",
    V2 = "v2", V4 = "v4",
    L = "l", R = "r", Wrap = "wrap", Clamp = "clamp",
    Finite = "finite", Infinite = "infinite", Number = "number",
    NotANumber = "notanumber", Normal = "normal", Subnormal = "subnormal",
    Uni = "uni",
}
