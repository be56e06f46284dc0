"""One file per verb; each is one public function and one transaction."""
