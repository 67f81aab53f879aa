//! State spaces (PTX ISA, "State Spaces").

use super::modifier::Modifier;
use std::fmt;

/// Where an address points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Space {
    /// Anywhere: the address itself tells.
    Generic,
    /// The guest's window.
    Global,
    /// Memory that a block's threads share.
    Shared,
    /// Memory of one thread.
    Local,
    /// Constants of the module, which lie in the guest's window, too.
    Const,
    /// Parameters of the kernel or of a function.
    Param,
}

impl Space {
    /// The space that one of these modifiers names, else generic.
    pub fn of(modifiers: &[Modifier]) -> Self {
        let named = modifiers.iter().find_map(|modifier| match modifier {
            Modifier::Global => Some(Self::Global),
            Modifier::Shared | Modifier::SharedCta | Modifier::SharedCluster => Some(Self::Shared),
            Modifier::Local => Some(Self::Local),
            Modifier::Const => Some(Self::Const),
            Modifier::Param | Modifier::ParamEntry | Modifier::ParamFunc => Some(Self::Param),
            _ => None,
        });
        named.unwrap_or(Self::Generic)
    }

    /// As PTX spells it, without the dot.
    pub fn name(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Global => "global",
            Self::Shared => "shared",
            Self::Local => "local",
            Self::Const => "const",
            Self::Param => "param",
        }
    }
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, ".{}", self.name())
    }
}
