//! The manifest has a kind of asset that the code does not look at.

use bggo_runtime::contract::{Asset, AssetCx, Fault, Prepare, Runner, Step, module};
use std::rc::Rc;

module!("fail/new_alternative.hcl");

pub struct Connection;
pub struct Pool;

macro_rules! empty {
    ($ty:ident, $module:ident) => {
        impl Asset for $ty {
            type Inputs = $module::Inputs;
            type Uses = $module::Uses;
            type Ready = ();
            type Exports = $module::Exports;

            fn prepare(_: &Prepare<'_>, _: &$module::Inputs) -> Result<(), Fault> {
                Ok(())
            }

            async fn create(_: AssetCx, _: Rc<()>, _: $module::Uses, _: $module::Inputs) -> Result<Self, Fault> {
                Ok(Self)
            }

            fn exports(&self) -> $module::Exports {
                $module::Exports {}
            }

            async fn destroy(self) -> Result<(), Fault> {
                Ok(())
            }
        }
    };
}

empty!(Connection, connection);
empty!(Pool, pool);

pub struct Query;

impl Runner for Query {
    type Inputs = query::Inputs;
    type Late<'a> = query::Late;
    type Uses<'a> = query::Uses<'a>;
    type Wanted = query::Wanted;
    type Output = query::Output;

    fn prepare(_: &Prepare<'_>, _: query::Inputs, _: query::Wanted) -> Result<Self, Fault> {
        Ok(Self)
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        uses: query::Uses<'a>,
        _: &'a [query::Late],
    ) -> Result<query::Output, Fault> {
        match uses.db {
            query::DbAsset::Connection(_) => Ok(query::Output {}),
        }
    }
}

fn main() {}
