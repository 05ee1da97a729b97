//! The asset as a grid has it: created on first use, its exports readable, its port closed when it is destroyed.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

use bggo_module_http_target::http_target::{EXPORTS, In, Prepared, Slot};
use bggo_runtime::contract::testing::{Begun, Iteration, UserContext, WorkerContext};
use bggo_runtime::contract::{Early, Fault, Prepare, ResourceInfo, Text, Value};
use std::net::TcpStream;
use std::rc::Rc;
use tokio::task::LocalSet;

static SITE: ResourceInfo = ResourceInfo::new("http_target", "site", "test.hcl:1");

/// The exports of a target while `during` runs, or why there is none.
fn exports(inputs: Vec<In>, during: impl FnOnce(&[Value])) -> Result<Vec<Value>, Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async {
        let worker = Rc::new(WorkerContext::alone().unwrap());
        let cx = Prepare::new(&worker);
        let scope = cx.scope();
        let prepared = Prepared::new(&cx, Ok(inputs));
        let slot = Slot::new(&scope, &SITE, 0, &[]);
        let user = UserContext::new(Rc::clone(&worker), 1, 0);
        let begun = Begun::when_free(worker.moment(), 0);
        let it = Iteration::new(&user, &begun);
        let created = slot
            .get(&it, &mut |cx| prepared.create(cx, Ok(Vec::new())))
            .await
            .map(drop);
        let exports: Result<Vec<Value>, Fault> =
            created.and_then(|()| (0..EXPORTS.len()).map(|i| slot.export(i)).collect());
        if let Ok(exports) = &exports {
            during(exports);
        }
        scope.destroy().await;
        exports
    })
}

#[test]
fn it_listens_from_its_creation_to_its_destruction() {
    assert_eq!(EXPORTS, ["url", "address", "port"]);
    let exports = exports(Vec::new(), |exports| {
        assert!(TcpStream::connect(exports[1].to_string()).is_ok());
    })
    .unwrap();
    let [url, address, port] = &exports[..] else {
        panic!("{exports:?}")
    };
    assert_eq!(url.to_string(), format!("http://127.0.0.1:{port}"));
    assert_eq!(address.to_string(), format!("127.0.0.1:{port}"));
    assert!(TcpStream::connect(address.to_string()).is_err());
}

#[test]
fn an_address_that_is_taken_fails_the_creation() {
    let taken = bggo_target::serve("127.0.0.1:0").unwrap();
    let address = taken.address().to_string();
    let listen = In::Listen(Early::Known(Some(Text::from(address.as_str()))));
    let fault = exports(vec![listen], |_| ()).unwrap_err();
    let says = format!("cannot listen on {address}: Address already in use (os error 98)");
    assert!(fault.text().ends_with(&says), "{}", fault.text());
}
