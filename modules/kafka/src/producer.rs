//! The asset `kafka_producer`.

use crate::connection::{Cluster, Settings, cluster_arguments};
use crate::kafka_producer::{Error as Kind, Exports, Inputs, Uses};
use bggo_runtime::contract::{Asset, AssetCx, Fault, Prepare, Value};
use std::rc::Rc;

/// A producer.
#[derive(Debug)]
pub struct KafkaProducer {
    cluster: Cluster,
}

impl Asset for KafkaProducer {
    type Inputs = Inputs;
    type Uses = Uses;
    /// The settings, if they are the same for all producers of the thread.
    type Ready = Option<Rc<Settings>>;
    type Exports = Exports;

    fn prepare(_: &Prepare<'_>, inputs: &Inputs) -> Result<Self::Ready, Fault> {
        Ok(settings(inputs).transpose()?.map(Rc::new))
    }

    async fn create(
        cx: AssetCx,
        ready: Rc<Self::Ready>,
        _: Uses,
        inputs: Inputs,
    ) -> Result<Self, Fault> {
        let settings =
            match &*ready {
                Some(settings) => Rc::clone(settings),
                None => Rc::new(settings(&inputs).transpose()?.ok_or_else(|| {
                    Kind::Settings.fault("an argument of the producer is missing")
                })?),
            };
        let cluster = Cluster::new(&cx, &settings);
        cluster.topics(&[]).await?;
        Ok(Self { cluster })
    }

    fn exports(&self) -> Exports {
        Exports {
            cluster_id: self.cluster.id().map_or(Value::Null, Value::from),
        }
    }

    async fn destroy(self) -> Result<(), Fault> {
        Ok(())
    }
}

fn settings(inputs: &Inputs) -> Option<Result<Settings, Fault>> {
    Some(cluster_arguments!(inputs).settings())
}
