//! Whether a value of one type can stand where another is wanted, as far as types alone can tell.

use super::Type;

/// Characters of a type that a message writes out.
const LONGEST_NAMED: usize = 48;

/// How a type fits where another is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// It is that type.
    Same,
    /// It converts, whatever the value.
    Converts,
    /// The value decides, when the grid runs (or when it is folded).
    AtRunTime,
    /// It never fits; why, as one clause.
    Never(String),
}

impl Fit {
    /// The worse of two: of all the parts of a value, the worst decides.
    fn and(self, other: Fit) -> Fit {
        match (&self, &other) {
            (Fit::Never(_), _) => self,
            (_, Fit::Never(_)) => other,
            (Fit::AtRunTime, _) | (_, Fit::AtRunTime) => Fit::AtRunTime,
            (Fit::Converts, _) | (_, Fit::Converts) => Fit::Converts,
            _ => Fit::Same,
        }
    }

    /// At best a conversion.
    fn converted(self) -> Fit {
        self.and(Fit::Converts)
    }

    fn within(self, what: impl FnOnce() -> String) -> Fit {
        match self {
            Fit::Never(why) => Fit::Never(format!("{}: {why}", what())),
            fit => fit,
        }
    }
}

impl Type {
    /// Whether a value of type `from` can stand where this type is wanted.
    pub fn accepts(&self, from: &Type) -> Fit {
        match (self, from) {
            (Type::Any | Type::Error | Type::Null, _) | (_, Type::Null | Type::Error) => Fit::Same,
            (_, Type::Any) => Fit::AtRunTime,
            (to, from) if to == from => Fit::Same,
            // As `any`: who can open it knows more.
            (Type::Named(_), _) => Fit::Same,
            (_, Type::Named(_)) => Fit::AtRunTime,
            (Type::String, Type::Number | Type::Bool | Type::Duration | Type::Size)
            | (Type::Number, Type::Size)
            | (Type::Bytes, Type::String) => Fit::Converts,
            // Bytes may be no UTF-8, a number may be no size.
            (Type::String, Type::Bytes)
            | (Type::Number | Type::Bool | Type::Duration | Type::Size, Type::String)
            | (Type::Size, Type::Number) => Fit::AtRunTime,
            (Type::List(to), Type::List(item))
            | (Type::Set(to), Type::Set(item))
            | (Type::Map(to), Type::Map(item)) => {
                to.accepts(item).within(|| "its items".to_string())
            }
            (Type::List(to), Type::Set(item)) | (Type::Set(to), Type::List(item)) => to
                .accepts(item)
                .converted()
                .within(|| "its items".to_string()),
            (Type::List(to) | Type::Set(to), Type::Tuple(items)) => accepts_items(to, items),
            (Type::Map(to), Type::Object(_)) => accepts_attributes(to, from),
            (Type::Tuple(to), Type::Tuple(items)) => accepts_tuple(to, items),
            (Type::Object(_), Type::Object(_) | Type::Map(_)) => self.accepts_object(from),
            _ => Fit::Never(self.required(&from.named())),
        }
    }

    /// With its article, for a message: a type that takes a line of its own is called by its kind.
    pub fn named(&self) -> String {
        let text = self.to_string();
        if text.chars().count() > LONGEST_NAMED {
            let kind = match self {
                Type::List(_) | Type::Tuple(_) => "a list",
                Type::Set(_) => "a set",
                Type::Map(_) => "a map",
                _ => "an object",
            };
            return kind.to_string();
        }
        match self {
            Type::Bytes => "bytes".to_string(),
            Type::Any | Type::Error => "any value".to_string(),
            Type::Named(_) => format!("a value of the type {text}"),
            Type::Null => "null".to_string(),
            Type::Object(_) => format!("an {text}"),
            _ => format!("a {text}"),
        }
    }

    /// That it is wanted where something else was found.
    pub(crate) fn required(&self, found: &str) -> String {
        let are = if *self == Type::Bytes { "are" } else { "is" };
        format!("{} {are} required, found {found}", self.named())
    }

    /// That a tuple has too many or too few items.
    pub(crate) fn other_length(wanted: usize, found: usize) -> String {
        let items = if wanted == 1 {
            "1 item is"
        } else {
            &format!("{wanted} items are")
        };
        format!("{items} required, found {found}")
    }

    fn accepts_object(&self, from: &Type) -> Fit {
        let Type::Object(fields) = self else {
            return Fit::Same;
        };
        let mut all = Fit::Converts;
        for field in fields {
            let fit = match from {
                Type::Map(item) => field.ty.accepts(item).and(Fit::AtRunTime),
                _ => match from.attribute(&field.name) {
                    Some(ty) => field.ty.accepts(ty),
                    None if field.optional.is_some() => Fit::Converts,
                    None => {
                        return Fit::Never(format!("the attribute `{}` is required", field.name));
                    }
                },
            };
            all = all.and(fit.within(|| format!("attribute `{}`", field.name)));
        }
        all
    }

    /// The type of an attribute of an object type.
    pub fn attribute(&self, name: &str) -> Option<&Type> {
        match self {
            Type::Object(fields) => fields
                .iter()
                .find(|field| field.name.as_str() == name)
                .map(|field| &field.ty),
            _ => None,
        }
    }
}

fn accepts_items(to: &Type, items: &[Type]) -> Fit {
    if *to == Type::Any && Type::unify_all(items).is_none() {
        return Fit::Never("its items have no type in common".to_string());
    }
    items
        .iter()
        .enumerate()
        .fold(Fit::Converts, |all, (place, item)| {
            all.and(to.accepts(item).within(|| format!("item {place}")))
        })
}

fn accepts_attributes(to: &Type, from: &Type) -> Fit {
    let Type::Object(fields) = from else {
        return Fit::Same;
    };
    if *to == Type::Any && Type::unify_all(fields.iter().map(|field| &field.ty)).is_none() {
        return Fit::Never("its values have no type in common".to_string());
    }
    fields.iter().fold(Fit::Converts, |all, field| {
        all.and(
            to.accepts(&field.ty)
                .within(|| format!("attribute `{}`", field.name)),
        )
    })
}

fn accepts_tuple(to: &[Type], items: &[Type]) -> Fit {
    if to.len() != items.len() {
        return Fit::Never(Type::other_length(to.len(), items.len()));
    }
    let each = to.iter().zip(items).enumerate();
    each.fold(Fit::Same, |all, (place, (to, item))| {
        all.and(to.accepts(item).within(|| format!("item {place}")))
    })
}
