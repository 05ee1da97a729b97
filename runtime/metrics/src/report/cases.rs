//! What a run had to prove, as the test cases of a JUnit file, which CI systems show.

use std::fmt::Write as _;
use std::time::Duration;

/// One thing that had to hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Of which sort: `thresholds`, `checks`, `steps`.
    pub suite: &'static str,
    /// Its name.
    pub name: String,
    /// How long it took, where that means something.
    pub time: Option<Duration>,
    /// Whether it held.
    pub result: CaseResult,
}

/// Whether something held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseResult {
    /// It did.
    Passed,
    /// It did not: why.
    Failed(String),
    /// It was not judged, or does not count: why.
    Skipped(String),
}

/// All cases of a run of a grid as a JUnit file. Cases of a suite stand together.
pub fn junit(grid: &str, took: Duration, cases: &[Case]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        text,
        "<testsuites name=\"{}\" {} time=\"{:.3}\">",
        Escaped(grid),
        totals(cases.iter()),
        took.as_secs_f64()
    );
    let mut suites: Vec<&str> = Vec::new();
    for case in cases {
        if !suites.contains(&case.suite) {
            suites.push(case.suite);
        }
    }
    for suite in suites {
        let own = || cases.iter().filter(|case| case.suite == suite);
        let _ = writeln!(
            text,
            "  <testsuite name=\"{}\" {}>",
            Escaped(suite),
            totals(own())
        );
        for case in own() {
            push_case(&mut text, grid, case);
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn totals<'a>(cases: impl Iterator<Item = &'a Case>) -> String {
    let (mut tests, mut failures, mut skipped) = (0, 0, 0);
    for case in cases {
        tests += 1;
        match case.result {
            CaseResult::Passed => {}
            CaseResult::Failed(_) => failures += 1,
            CaseResult::Skipped(_) => skipped += 1,
        }
    }
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"")
}

fn push_case(text: &mut String, grid: &str, case: &Case) {
    let _ = write!(
        text,
        "    <testcase classname=\"{}.{}\" name=\"{}\" time=\"{:.3}\"",
        Escaped(grid),
        Escaped(case.suite),
        Escaped(&case.name),
        case.time.unwrap_or_default().as_secs_f64()
    );
    let (element, why) = match &case.result {
        CaseResult::Passed => {
            text.push_str("/>\n");
            return;
        }
        CaseResult::Failed(why) => ("failure", why),
        CaseResult::Skipped(why) => ("skipped", why),
    };
    let _ = writeln!(
        text,
        ">\n      <{element} message=\"{}\"/>\n    </testcase>",
        Escaped(why)
    );
}

/// Text as the value of an attribute.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\n' | '\t' | '\r' => write!(f, "&#{};", u32::from(c))?,
                // XML has no way to write these.
                '\0'..' ' | '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(suite: &'static str, name: &str, result: CaseResult) -> Case {
        Case {
            suite,
            name: name.to_owned(),
            time: None,
            result,
        }
    }

    #[test]
    fn a_file_has_a_suite_for_each_sort_of_case() {
        let cases = [
            case("thresholds", "home is fast", CaseResult::Passed),
            case(
                "checks",
                "is \"created\"",
                CaseResult::Failed("got <503> & more\n\u{1}".to_owned()),
            ),
            case(
                "thresholds",
                "few fail",
                CaseResult::Skipped("it only warns".to_owned()),
            ),
        ];
        assert_eq!(
            junit("shop", Duration::from_millis(30_250), &cases),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites name=\"shop\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"30.250\">
  <testsuite name=\"thresholds\" tests=\"2\" failures=\"0\" errors=\"0\" skipped=\"1\">
    <testcase classname=\"shop.thresholds\" name=\"home is fast\" time=\"0.000\"/>
    <testcase classname=\"shop.thresholds\" name=\"few fail\" time=\"0.000\">
      <skipped message=\"it only warns\"/>
    </testcase>
  </testsuite>
  <testsuite name=\"checks\" tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\">
    <testcase classname=\"shop.checks\" name=\"is &quot;created&quot;\" time=\"0.000\">
      <failure message=\"got &lt;503&gt; &amp; more&#10;\u{fffd}\"/>
    </testcase>
  </testsuite>
</testsuites>
"
        );
    }
}
