//! A scorer that is a function.

use crate::scorer::scorer_server::Scorer;
use crate::scorer::{ScoreRequest, ScoreResponse};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The service [`Scorer`] by a function of the text.
#[derive(Clone)]
pub struct Scoring<F>(Arc<F>);

impl<F: Fn(&str) -> f64 + Send + Sync + 'static> Scoring<F> {
    /// Scores by this function.
    pub fn by(score: F) -> Self {
        Self(Arc::new(score))
    }
}

#[tonic::async_trait]
impl<F: Fn(&str) -> f64 + Send + Sync + 'static> Scorer for Scoring<F> {
    type ScoreWordsStream = BoxStream<'static, Result<ScoreResponse, Status>>;

    async fn score(
        &self,
        request: Request<ScoreRequest>,
    ) -> Result<Response<ScoreResponse>, Status> {
        let answer = request.into_inner().answer;
        if answer.is_empty() {
            return Err(Status::invalid_argument("there is nothing to score"));
        }
        Ok(Response::new(ScoreResponse { score: self.0(&answer) }))
    }

    async fn score_words(
        &self,
        request: Request<ScoreRequest>,
    ) -> Result<Response<Self::ScoreWordsStream>, Status> {
        let score = self.0.clone();
        let answer = request.into_inner().answer;
        let words: Vec<String> = answer.split_whitespace().map(str::to_owned).collect();
        let scores = stream::iter(words).map(move |word| Ok(ScoreResponse { score: score(&word) }));
        Ok(Response::new(scores.boxed()))
    }
}
