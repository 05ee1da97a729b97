//! The checks of a step: how an attempt that ran is judged, before the step's end is counted.

use super::attempt::{CHECK, Ran, Step};
use crate::context::Recorded;
use crate::event::CheckReport;
use crate::fault::{Fault, FaultText};
use crate::info::{CheckInfo, Sensitivity, step_slot};
use bggo_values::Value;

/// Computes a condition or a message. It is called at most once.
type Compute<'c> = &'c mut dyn FnMut() -> Result<Value, Fault>;

/// The checks of one attempt, which are judged in the order of the grid.
#[derive(Debug)]
pub struct Checks<'s> {
    step: &'s Step<'s>,
    /// The number of the next one.
    next: u32,
    /// Of the first required one that failed.
    fault: Option<Fault>,
}

impl<'a> Step<'a> {
    /// The attempt ran: its checks are judged.
    pub fn checks<'s>(&'s self) -> Checks<'s>
    where
        'a: 's,
    {
        self.judges_its_checks();
        Checks {
            step: self,
            next: 0,
            fault: None,
        }
    }

    /// The step failed before its checks could be judged: none of them holds.
    pub(super) fn misses_its_checks(&self) {
        let slots = self.info().check_infos().iter().zip(self.first_check()..);
        for (_, slot) in slots {
            self.worker().recorder.miss(slot);
        }
    }

    /// The slot of its first check, behind those of the metrics of its manifest.
    fn first_check(&self) -> u32 {
        step_slot::first_check(self.first_slot(), self.info().metric_count())
    }
}

impl Checks<'_> {
    /// Judges the next check. It holds where its condition is true. The message is computed only where it does not; null is
    /// none.
    pub fn check(&mut self, condition: Compute<'_>, message: Compute<'_>) {
        let number = self.next;
        self.next += 1;
        let checks = self.step.info().check_infos();
        let Some(check) = checks.get(number as usize) else {
            return;
        };
        let (worker, slot) = (self.step.worker(), self.step.first_check() + number);
        let judged = condition();
        if let Ok(Value::Bool(true)) = judged {
            return self.step.count(slot, Recorded::Held(true));
        }
        self.step.count(slot, Recorded::Held(false));
        // One that is held back may still be told.
        let is_told = self.step.holds_back() || worker.tells_of_check(slot);
        let is_fault = check.is_required() && self.fault.is_none();
        if !is_told && !is_fault {
            return;
        }
        let (text, place) = self.reason(check, judged.err(), message);
        if is_fault {
            let name = check.name();
            let text = match text.as_str() {
                "" => FaultText::plain(format_args!("the check {name:?} failed")),
                text => FaultText::plain(format_args!("the check {name:?} failed: {text}")),
            };
            self.fault = Some(Fault::new(CHECK, text).at(check.place()));
        }
        if is_told {
            let report = CheckReport {
                info: self.step.info(),
                instance: self.step.instance().clone(),
                scenario: self.step.scenario(),
                user: self.step.vu(),
                iteration: self.step.iteration(),
                first_slot: self.step.first_slot(),
                check,
                text,
                place,
            };
            self.step.tell_of_check(slot, report);
        }
    }

    /// All checks are judged.
    ///
    /// # Errors
    /// A required one failed: the step fails with the kind `check`.
    pub fn end(self) -> Result<Ran, Fault> {
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(Ran::Done),
        }
    }

    /// Why a check failed, as it may be shown, and where: its message, or the fault of its condition.
    fn reason(
        &self,
        check: &'static CheckInfo,
        fault: Option<Fault>,
        message: Compute<'_>,
    ) -> (String, String) {
        let own = check.place().to_string();
        let described = |fault: &Fault| {
            let place = fault
                .place()
                .map_or_else(|| own.clone(), |place| place.to_string());
            (fault.shown(self.sensitivity(check)).into_owned(), place)
        };
        if let Some(fault) = fault {
            return described(&fault);
        }
        match message() {
            Ok(Value::Text(text)) => (text.as_str().to_owned(), own),
            Ok(_) => (String::new(), own),
            Err(fault) => {
                let (text, place) = described(&fault);
                (format!("its `error_message` has no value: {text}"), place)
            }
        }
    }

    /// What a message shows was decided when the grid was built; a fault may quote any value.
    fn sensitivity(&self, check: &CheckInfo) -> Sensitivity {
        match check.sensitivity() {
            Sensitivity::Open => self.step.info().sensitivity(),
            Sensitivity::Sensitive => Sensitivity::Sensitive,
        }
    }
}

#[cfg(test)]
mod tests;
