//! The official driver of MongoDB in a loop: so many users, each with a client of its own, that find a document by its `_id`, one after the
//! other, until the time is over. Usage: mongo_loop URL USERS SECONDS; prints how many it found.

use mongodb::Client;
use mongodb::bson::{Document, doc};
use std::time::{Duration, Instant};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [url, users, seconds] = &words[..] else {
        panic!("URL USERS SECONDS, not {words:?}");
    };
    let (users, seconds): (u32, u64) = (users.parse().unwrap(), seconds.parse().unwrap());
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut finding = Vec::new();
    for _ in 0..users {
        let client = Client::with_uri_str(url).await.unwrap();
        finding.push(tokio::spawn(async move {
            let things = client.database("bench").collection::<Document>("things");
            let mut count = 0_u64;
            while Instant::now() < until {
                let found = things.find_one(doc! { "_id": 7 }).await.unwrap();
                assert!(found.is_some());
                count += 1;
            }
            count
        }));
    }
    let mut sum = 0;
    for user in finding {
        sum += user.await.unwrap();
    }
    println!("{sum}");
}
