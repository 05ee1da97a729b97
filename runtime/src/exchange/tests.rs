//! What is shown of an exchange, and what is not.

use super::*;

fn secrets(texts: &[&str]) -> Secrets {
    let mut secrets = Secrets::default();
    texts.iter().for_each(|text| secrets.add(text));
    secrets
}

/// As it is shown with so many bytes of its body.
fn shown(message: &Message, secrets: &Secrets, body: usize) -> String {
    message.text([&Secrets::default(), secrets], Shown::body(body))
}

fn with_body(body: &[u8]) -> Message {
    let mut message = Message::new("HTTP/1.1 200 OK");
    message.body(body, body.len() as u64);
    message
}

#[test]
fn a_message_is_its_head_an_empty_line_and_its_body() {
    let mut message = with_body(b"hello\r\nworld");
    message.line("server", "nginx");
    message.secret_line("set-cookie");
    let exchange = Exchange::new(
        (&Message::new("GET / HTTP/1.1"), Some(&message)),
        [&Secrets::default(), &Secrets::default()],
        Shown::FAILED,
    );
    assert_eq!(exchange.short(), "GET / HTTP/1.1 -> HTTP/1.1 200 OK");
    assert_eq!(
        exchange.lines(),
        "\n  > GET / HTTP/1.1\n  < HTTP/1.1 200 OK\n  < server: nginx\n  < set-cookie: (sensitive value)\n  <\n  < hello\n  < world"
    );
}

#[test]
fn a_secret_is_replaced_in_every_form_that_an_answer_may_give_it() {
    let secret = "hun ter\"2&é";
    let kept_back = secrets(&[secret]);
    let encoded = to_base64(format!("{secret}!").as_bytes());
    for echo in [
        secret.to_owned(),
        json::encode_plain(&Value::from(secret.to_owned())),
        percent(secret, "%20"),
        percent(secret, "+"),
        percent(secret, "+").to_lowercase(),
        encoded,
    ] {
        let mut message = with_body(format!("you said <{echo}>, {echo}").as_bytes());
        message.line("x-echo", &echo);
        message.line(&echo, "name");
        let text = shown(&message, &kept_back, 1000);
        assert!(!text.contains(&echo), "{echo}: {text}");
        assert!(text.contains("you said <"), "{text}");
    }
}

#[test]
fn a_word_of_a_secret_is_one_too() {
    let kept_back = secrets(&["Bearer abc.def-123", "{\"pin\":\"7a\"}"]);
    let message = with_body(b"token abc.def-123, pin 7a of 17ab by Bearer");
    let text = shown(&message, &kept_back, 100);
    assert_eq!(
        text,
        "HTTP/1.1 200 OK\n\ntoken (sensitive value), (sensitive value) (sensitive value) of 17ab by Bearer"
    );
}

#[test]
fn no_part_of_a_secret_is_shown_at_the_cut() {
    let kept_back = secrets(&["0123456789"]);
    for most in 1..24 {
        let text = shown(&with_body(b"abcd0123456789efgh"), &kept_back, most);
        assert!(
            !text.contains("012") && !text.contains("789"),
            "{most}: {text}"
        );
    }
    let text = shown(&with_body(b"abcd0123456789efgh"), &kept_back, 6);
    assert_eq!(
        text,
        "HTTP/1.1 200 OK\n\nabcd(sensitive value)\n(6 of 18 bytes)"
    );
}

#[test]
fn beside_a_secret_too_long_to_look_for_nothing_is_shown() {
    let kept_back = secrets(&[&"x".repeat(SEARCHED + 1)]);
    assert_eq!(
        shown(&with_body(b"hello"), &kept_back, 100),
        "HTTP/1.1 200 OK\n\n(sensitive value), 5 bytes"
    );
}

#[test]
fn beside_more_secrets_than_are_looked_for_no_value_is_shown() {
    let words = (0..=MOST).map(|word| format!("word{word}"));
    let kept_back = secrets(&[&words.collect::<Vec<_>>().join(" ")]);
    let mut message = with_body(b"word7 and more");
    message.line("location", "/word7");
    assert_eq!(
        shown(&message, &kept_back, 100),
        "HTTP/1.1 200 OK\nlocation: (sensitive value)\n\n(sensitive value), 14 bytes"
    );
}

#[test]
fn each_text_of_a_sensitive_variable_is_a_secret_and_each_line_of_it() {
    let mut kept_back = Secrets::default();
    let key = Value::from("first line\n  second line\n".to_owned());
    kept_back.add_value(&Value::from(vec![("a".into(), Value::from(vec![key]))]));
    let message = with_body(b"a: first line, second line, line");
    assert_eq!(
        shown(&message, &kept_back, 100),
        "HTTP/1.1 200 OK\n\na: (sensitive value), (sensitive value), line"
    );
}

#[test]
fn what_is_no_text_is_told_by_its_length_and_first_bytes() {
    let body: Vec<u8> = (0..=255).collect();
    let text = shown(&with_body(&body), &Secrets::default(), 1000);
    assert!(
        text.ends_with("\n\n(binary, 256 bytes: 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f ..)"),
        "{text}"
    );
}

#[test]
fn a_terminal_obeys_nothing_of_it() {
    let mut message = with_body(b"\x1b[31mred\x1b[0m\ttab");
    message.line("x", "a\x1bb\nc");
    let text = shown(&message, &Secrets::default(), 100);
    assert!(!text.contains('\x1b'), "{text:?}");
    assert_eq!(
        text,
        "HTTP/1.1 200 OK\nx: a\\u{1b}b c\n\n\\u{1b}[31mred\\u{1b}[0m\ttab"
    );
}

#[test]
fn both_sides_of_an_example_take_little_room() {
    let mut message = with_body(&b"y".repeat(100_000));
    for number in 0..1000 {
        message.line("x-header", &number.to_string());
    }
    let none = [&Secrets::default(), &Secrets::default()];
    let exchange = Exchange::new((&message, Some(&message)), none, Shown::EXAMPLE);
    let size = exchange.sent.len() + exchange.received.unwrap().len();
    assert!(size <= 2304, "{size}");
}
